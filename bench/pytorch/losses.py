"""The losses as their authors' code computes them, in plain PyTorch: forward, all gradients, and the state update."""

import time

import torch
import torch.nn.functional as F

import more_losses
from loss_parts import SCALE, ClassWeights, Loss, cosines, one_hot


def make_step(options):
    """Return a step of a loss on random embeddings. Options: {"loss", "batch", "size", "classes"}."""
    batch, size, classes = options["batch"], options["size"], options["classes"]
    embeddings = torch.randn(batch, size, requires_grad=True)
    labels = torch.arange(batch) * 7919 % classes
    loss = LOSSES[options["loss"]](classes, size)

    def step():
        for parameter in (embeddings, *loss.parameters()):
            parameter.grad = None
        value = loss(embeddings, labels)
        value.backward()
        loss.after(embeddings, labels)
        return value.item()

    return step


def make_update_step(options):
    """Return a step of a loss and of SGD on its parameters, with the form of the optimizer that is fastest here."""
    batch, size, classes = options["batch"], options["size"], options["classes"]
    embeddings = torch.randn(batch, size, requires_grad=True)
    labels = torch.arange(batch) * 7919 % classes
    loss = LOSSES[options["loss"]](classes, size)

    def step_of(optimizer):
        def step():
            embeddings.grad = None
            optimizer.zero_grad()
            value = loss(embeddings, labels)
            value.backward()
            optimizer.step()
            return value.item()

        return step

    def time_of(step):
        step()
        times = []
        for _ in range(3):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        return min(times)

    forms = {}
    for form in ({"foreach": False}, {"foreach": True}, {"fused": True}):
        optimizer = torch.optim.SGD(loss.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, **form)
        forms[time_of(step_of(optimizer))] = form
    fastest = torch.optim.SGD(loss.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, **forms[min(forms)])
    return step_of(fastest)


def unified_bce(cosine, labels, margin, bias):
    """Return the unified cross-entropy of UniFace and USS: clamped logits, both terms for all pairs, then a selection."""
    positive = (SCALE * (cosine - margin) - bias).clamp(-SCALE, SCALE)
    negative = (SCALE * cosine - bias).clamp(-SCALE, SCALE)
    positive_loss = torch.log(1 + torch.exp(-positive))
    negative_loss = torch.log(1 + torch.exp(negative))
    own = one_hot(labels, cosine)
    return (own * positive_loss + ~own * negative_loss).sum(dim=1).mean()


class BceUnified(ClassWeights):
    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.bias = torch.nn.Parameter(torch.tensor(10.0 * classes).log())

    def forward(self, embeddings, labels):
        return unified_bce(self.cosines(embeddings), labels, 0.4, self.bias)


class CosFace(ClassWeights):
    def forward(self, embeddings, labels):
        cosine = self.cosines(embeddings)
        margin = torch.zeros_like(cosine).scatter_(1, labels.view(-1, 1), 0.4)
        return F.cross_entropy(SCALE * (cosine - margin), labels)


class Uss(Loss):
    def __init__(self, classes, size):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.tensor(10.0))
        self.register_buffer("memory", torch.randn(classes, size))

    def forward(self, embeddings, labels):
        return unified_bce(cosines(embeddings, self.memory), labels, 0.1, self.bias)

    def after(self, embeddings, labels):
        with torch.no_grad():
            for row in range(len(labels)):
                self.memory[labels[row]] = embeddings[row].detach()


class Epl(ClassWeights):
    """CosFace with empirical prototypes that are already scored."""

    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.register_buffer("prototypes", F.normalize(torch.randn(classes, size)))

    def forward(self, embeddings, labels):
        unit = F.normalize(embeddings, eps=1e-5)
        cosine = F.linear(unit, F.normalize(self.weight, eps=1e-5))
        with torch.no_grad():
            old = self.prototypes[labels]
            share = F.softsign((old * unit).sum(1, keepdim=True))
            self.prototypes[labels] = F.normalize(share * old + (1 - share) * unit)
        empirical = F.linear(unit, F.normalize(self.prototypes))
        own = one_hot(labels, cosine)
        empirical = empirical - own * (0.7 * empirical.detach())
        logits = SCALE * torch.cat([cosine - own * 0.4, empirical])
        own = torch.cat([own, own])
        positive = torch.exp(-(logits * own).sum(dim=1))
        negatives = (torch.exp(logits) * ~own).sum(dim=1)
        return torch.log(1 + negatives * positive).mean()


LOSSES = {"bce": BceUnified, "softmax": CosFace, "uss": Uss, "epl": Epl, **more_losses.LOSSES}
