"""Heads over class weights as their authors' code computes them, with full matrices of batch × classes, in plain PyTorch."""

import math

import torch
import torch.nn.functional as F

from loss_parts import SCALE, ClassWeights, Loss, cosines, one_hot


class AdaFace(ClassWeights):
    margin, concentration, momentum = 0.4, 0.333, 0.01

    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.register_buffer("mean", torch.tensor(20.0))
        self.register_buffer("std", torch.tensor(100.0))

    def forward(self, embeddings, labels):
        cosine = self.cosines(embeddings).clamp(-1 + 1e-3, 1 - 1e-3)
        with torch.no_grad():
            norms = embeddings.norm(dim=1, keepdim=True).clamp(0.001, 100)
            self.mean = self.momentum * norms.mean() + (1 - self.momentum) * self.mean
            self.std = self.momentum * norms.std() + (1 - self.momentum) * self.std
            quality = ((norms - self.mean) / (self.std + 1e-3) * self.concentration).clamp(-1, 1)
            own = one_hot(labels, cosine).float()
        angle = (cosine.acos() - own * (self.margin * quality)).clamp(1e-3, math.pi - 1e-3)
        logits = SCALE * (angle.cos() - own * (self.margin * (1 + quality)))
        return F.cross_entropy(logits, labels)


class MagFace(ClassWeights):
    norms, margins, regularizer_weight = (10, 110), (0.45, 0.8), 35

    def forward(self, embeddings, labels):
        (lower, upper), (lower_margin, upper_margin) = self.norms, self.margins
        norms = embeddings.norm(dim=1, keepdim=True).clamp(lower, upper)
        margin = lower_margin + (upper_margin - lower_margin) * (norms - lower) / (upper - lower)
        cosine = self.cosines(embeddings).clamp(-1, 1)
        turned = cosine * margin.cos() - (1 - cosine**2).sqrt() * margin.sin()
        easy = torch.where(cosine > 0, turned, cosine)
        own = one_hot(labels, cosine)
        regularizer = norms / upper**2 + 1 / norms
        cross_entropy = F.cross_entropy(SCALE * torch.where(own, easy, cosine), labels)
        return cross_entropy + self.regularizer_weight * regularizer.mean()


class CurricularFace(ClassWeights):
    margin, momentum = 0.5, 0.01

    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.register_buffer("target_mean", torch.zeros(1))

    def forward(self, embeddings, labels):
        cosine = self.cosines(embeddings).clamp(-1, 1)
        target = cosine.gather(1, labels.view(-1, 1))
        turned = target * math.cos(self.margin) - (1 - target**2).sqrt() * math.sin(self.margin)
        final = torch.where(target > -math.cos(self.margin), turned, target - self.margin * math.sin(self.margin))
        with torch.no_grad():
            hard = cosine > turned
            self.target_mean = self.momentum * target.mean() + (1 - self.momentum) * self.target_mean
        emphasised = torch.where(hard, cosine * (self.target_mean + cosine), cosine)
        return F.cross_entropy(SCALE * emphasised.scatter(1, labels.view(-1, 1), final), labels)


class MvSoftmax(ClassWeights):
    scale, margin, hardness = 32, 0.35, 0.2

    def forward(self, embeddings, labels):
        cosine = self.cosines(embeddings)
        final = cosine.gather(1, labels.view(-1, 1)) - self.margin
        emphasised = torch.where(cosine > final, (self.hardness + 1) * cosine + self.hardness, cosine)
        return F.cross_entropy(self.scale * emphasised.scatter(1, labels.view(-1, 1), final), labels)


class SphereFace2(ClassWeights):
    scale, margin, exponent, positive_weight, loss_weight = 40, 0.4, 3, 0.7, 50

    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.bias = torch.nn.Parameter(torch.zeros(1))

    def forward(self, embeddings, labels):
        with torch.no_grad():
            self.weight.data = F.normalize(self.weight.data)
        cosine = F.linear(F.normalize(embeddings), self.weight)
        own = one_hot(labels, cosine)
        with torch.no_grad():
            powered = 2 * ((cosine + 1) / 2) ** self.exponent - 1
            change = powered + torch.where(own, -self.margin, self.margin) - cosine
        logits = self.scale * (cosine + change) + self.bias
        weights = torch.where(own, self.positive_weight, 1 - self.positive_weight)
        rows = F.binary_cross_entropy_with_logits(logits, own.float(), weight=weights, reduction="none").sum(dim=1)
        return self.loss_weight / self.scale * rows.mean()


class SubCenterArcFace(ClassWeights):
    margin, centers = 0.5, 3

    def __init__(self, classes, size):
        super().__init__(classes * self.centers, size)

    def forward(self, embeddings, labels):
        every = self.cosines(embeddings).view(len(labels), -1, self.centers)
        cosine = every.max(dim=2).values
        target = cosine.gather(1, labels.view(-1, 1))
        angle = target.clamp(-1 + 1e-7, 1 - 1e-7).acos()
        beyond = target - self.margin * math.sin(self.margin)
        final = torch.where(angle <= math.pi - self.margin, (angle + self.margin).cos(), beyond)
        return F.cross_entropy(SCALE * cosine.scatter(1, labels.view(-1, 1), final), labels)


class Unpg(ClassWeights):
    margin, whisker = 0.4, 1.5

    def forward(self, embeddings, labels):
        cosine = self.cosines(embeddings)
        unit = F.normalize(embeddings)
        upper = torch.triu(labels.view(-1, 1) != labels, diagonal=1)
        pairs = (unit @ unit.T)[upper]
        ordered = pairs.detach().sort().values
        first, third = ordered[len(pairs) // 4], ordered[3 * len(pairs) // 4]
        reach = self.whisker * (third - first)
        kept = pairs[(pairs >= first - reach) & (pairs <= third + reach)]
        own = one_hot(labels, cosine)
        logits = torch.cat([cosine - self.margin * own, kept.expand(len(labels), -1)], dim=1)
        return F.cross_entropy(SCALE * logits, labels)


class Vpl(ClassWeights):
    margin, injection, maximum_age, start = 0.4, 0.15, 200, 0

    def __init__(self, classes, size):
        super().__init__(classes, size)
        self.register_buffer("memory", F.normalize(torch.randn(classes, size)))
        self.register_buffer("seen", torch.zeros(classes, dtype=torch.long))
        self.step = 1

    def forward(self, embeddings, labels):
        recent = (self.step > self.start) & (self.step - self.seen <= self.maximum_age)
        share = self.injection * recent.float().view(-1, 1)
        mixed = (1 - share) * F.normalize(self.weight) + share * self.memory
        cosine = cosines(embeddings, mixed)
        return F.cross_entropy(SCALE * (cosine - self.margin * one_hot(labels, cosine)), labels)

    def after(self, embeddings, labels):
        with torch.no_grad():
            self.memory[labels] = F.normalize(embeddings)
            self.seen[labels] = self.step
            self.step += 1


class PartialFc(ClassWeights):
    """CosFace over a tenth of the classes."""

    margin, rate = 0.4, 0.1

    def forward(self, embeddings, labels):
        with torch.no_grad():
            classes = len(self.weight)
            order = torch.rand(classes)
            order[labels] = 2.0
            sampled = order.topk(max(int(self.rate * classes), len(labels.unique()))).indices.sort().values
            places = torch.searchsorted(sampled, labels)
        cosine = cosines(embeddings, self.weight[sampled])
        return F.cross_entropy(SCALE * (cosine - self.margin * one_hot(places, cosine)), places)


class Tcm(Loss):
    positive_margin, negative_margin = 0.9, 0.5

    def __init__(self, classes, size):
        super().__init__()

    def forward(self, embeddings, labels):
        unit = F.normalize(embeddings)
        cosine = unit @ unit.T
        same = labels.view(-1, 1) == labels
        other = ~torch.eye(len(labels), dtype=torch.bool)
        positive = cosine[same & other & (cosine <= self.positive_margin)]
        negative = cosine[~same & (cosine >= self.negative_margin)]
        positive_loss = (self.positive_margin - positive).mean() if len(positive) else 0 * cosine.sum()
        negative_loss = (negative - self.negative_margin).mean() if len(negative) else 0 * cosine.sum()
        return positive_loss + negative_loss


LOSSES = {
    "adaface": AdaFace,
    "magface": MagFace,
    "curricularface": CurricularFace,
    "mv-softmax": MvSoftmax,
    "sphereface2": SphereFace2,
    "subcenter-arcface": SubCenterArcFace,
    "unpg": Unpg,
    "vpl": Vpl,
    "partial-fc": PartialFc,
    "tcm": Tcm,
}
