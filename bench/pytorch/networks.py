"""A training step of LResNetE-IR with a loss over classes and SGD, as the papers train."""

import torch
from torch import nn

import losses

BLOCKS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 14, 3]}


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        halving = {"kernel_size": 2, "stride": 2, "bias": False}
        keeping = {"kernel_size": 3, "padding": 1, "bias": False}
        self.residual = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, filters, **keeping),
            nn.BatchNorm2d(filters),
            nn.PReLU(filters),
            nn.Conv2d(filters, filters, **(halving if stride == 2 else keeping)),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Identity()
        if stride == 2:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, **halving), nn.BatchNorm2d(filters))

    def forward(self, x):
        return self.residual(x) + self.shortcut(x)


def lresnet_ir(depth, side):
    layers = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)]
    channels = 64
    for stage, count in enumerate(BLOCKS[depth]):
        for block in range(count):
            layers.append(Block(channels, 64 << stage, 2 if block == 0 else 1))
            channels = 64 << stage
        side //= 2
    layers += [nn.BatchNorm2d(512), nn.Dropout(0.4), nn.Conv2d(512, 512, side, bias=False), nn.Flatten()]
    return nn.Sequential(*layers, nn.BatchNorm1d(512))


def small_cnn(side, width=16, size=64):
    layers, channels = [], 3
    for filters in (width, 2 * width, 4 * width):
        layers += [nn.Conv2d(channels, filters, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(filters)]
        layers.append(nn.PReLU(filters))
        channels, side = filters, (side + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side**2, size, bias=False), nn.BatchNorm1d(size))


def keep_slopes_positive(network):
    """Clamp the slopes of PReLU after a step, as openset does."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.PReLU):
                module.weight.clamp_(min=0.01)


def make_step(options):
    """Return a training step. Options: {"depth", "side", "batch", "classes", "loss"}."""
    batch, side, classes = options["batch"], options["side"], options["classes"]
    network = lresnet_ir(options["depth"], side)
    loss = losses.LOSSES[options["loss"]](classes, 512)
    parameters = [*network.parameters(), *loss.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=5e-4)
    images = torch.rand(batch, 3, side, side) * 2 - 1
    labels = torch.arange(batch) * 7919 % classes

    def step():
        optimizer.zero_grad(set_to_none=True)
        embeddings = network(images)
        value = loss(embeddings, labels)
        value.backward()
        optimizer.step()
        loss.after(embeddings, labels)
        keep_slopes_positive(network)
        return value.item()

    return step
