const problems: Readonly<Record<string, string>> = {
  NotAllowedError:
    'This page may not use the camera. Allow it in the settings of the browser and start the camera again, or choose photos.',
  NotFoundError: 'There is no camera. Connect one and start the camera again, or choose photos.',
  NotReadableError: 'Another program uses the camera. Close it and start the camera again, or choose photos.',
};

/** The camera of the user in a video element. */
export class Camera {
  private readonly video: HTMLVideoElement;
  private stream: MediaStream | null = null;

  /** @param video plays the picture of the camera */
  constructor(video: HTMLVideoElement) {
    this.video = video;
  }

  get isOn(): boolean {
    return this.stream !== null;
  }

  /**
   * Starts the camera.
   * @param onEnd called if the camera ends by itself, such as one that is unplugged
   * @throws Error with what to do
   */
  async start(onEnd: () => void): Promise<void> {
    try {
      // Browsers give pages a camera only over HTTPS, or on this machine.
      if (!navigator.mediaDevices) throw new DOMException('', 'NotAllowedError');
      // Faces that fill less than a twelfth of this width would take a finer and slower search.
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 960 }, facingMode: 'user' },
      });
      this.stream.getVideoTracks()[0]?.addEventListener('ended', onEnd);
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      this.stop();
      const name = error instanceof DOMException ? error.name : '';
      throw new Error(problems[name] ?? 'The camera cannot be used. Choose photos instead.', {
        cause: error,
      });
    }
  }

  /** Returns the picture that the camera shows now. */
  frame(): Promise<ImageBitmap> {
    return createImageBitmap(this.video);
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
