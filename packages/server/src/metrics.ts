import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RunningRequests } from './limits/running-requests.ts';
import type { Service } from './service.ts';

/** Returns the metrics of a service for Prometheus: its requests, its queue, its gallery and its process. */
export function measure(
  app: FastifyInstance,
  { recognizer, gallery }: Service,
  running: RunningRequests,
): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'openset_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const bytes = new Counter({
    name: 'openset_request_body_bytes_total',
    help: 'Bytes of the bodies of requests, by their Content-Length.',
    registers,
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  gauge('openset_requests_running', 'Requests that run.', () => running.count);
  gauge('openset_recognizer_pending', 'Images that are recognised or wait for it.', () => recognizer.pending);
  gauge('openset_gallery_people', 'People in the gallery.', async () => (await gallery.count()).people);
  gauge(
    'openset_gallery_embeddings',
    'Embeddings in the gallery.',
    async () => (await gallery.count()).embeddings,
  );
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
    };
    durations.observe(labels, reply.elapsedTime / 1000);
    const length = Number(request.headers['content-length'] ?? 0);
    if (Number.isFinite(length)) bytes.inc(length);
  });
  return registry;
}
