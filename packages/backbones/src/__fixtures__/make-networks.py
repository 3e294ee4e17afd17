"""Writes networks.json: results of tiny versions of all networks in PyTorch, in float64, with weights by a formula.

The formula is that of backbone.json: parameter k (in parameterOrder), element i in PyTorch's layout:
x = (k + 1) * 2654435761 mod 2^32, then for each element x = (x * 1664525 + 1013904223) mod 2^32, u = x / 2^31 - 1.
Weights of 2 or more axes: u * sqrt(3 / fan_in); running_var: 1 + 0.2 u; running_mean and bias: 0.1 u;
PReLU: 0.25 + 0.05 u; weight of a batch norm: 1 + 0.1 u. Images (index 9000) and coefficients (9001): u.
"""

import json
import sys
from math import prod

import torch
from torch import nn

conv = lambda i, o, k, s=1, p=0, g=1: nn.Conv2d(i, o, k, s, p, groups=g, bias=False)


class IRBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.downsample = nn.Sequential(conv(i, o, 2, 2), nn.BatchNorm2d(o)) if stride == 2 else None
        self.bn0 = nn.BatchNorm2d(i)
        self.conv1 = conv(i, o, 3, 1, 1)
        self.bn1 = nn.BatchNorm2d(o)
        self.prelu = nn.PReLU(o)
        self.conv2 = conv(o, o, 2, 2) if stride == 2 else conv(o, o, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(o)

    def forward(self, x):
        y = self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(self.bn0(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class LResNetIR(nn.Module):
    def __init__(self, blocks, size, channels, width, embedding):
        super().__init__()
        self.conv1, self.bn1, self.prelu = conv(channels, width, 3, 1, 1), nn.BatchNorm2d(width), nn.PReLU(width)
        i = width
        for stage, count in enumerate(blocks):
            o = width << stage
            layer = nn.Sequential(*[IRBlock(o if b else i, o, 1 if b else 2) for b in range(count)])
            setattr(self, f"layer{stage + 1}", layer)
            i, size = o, [side // 2 for side in size]
        self.stages = len(blocks)
        self.bn4, self.fc5, self.bn5 = nn.BatchNorm2d(i), nn.Conv2d(i, embedding, size, bias=False), nn.BatchNorm1d(embedding)
        self.bn5.weight.requires_grad_(False)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.bn5(self.fc5(self.bn4(x)).flatten(1))


class ConvBlock(nn.Module):
    def __init__(self, i, o, k, s, p, groups=1, linear=False):
        super().__init__()
        self.conv, self.bn = conv(i, o, k, s, p, groups), nn.BatchNorm2d(o)
        if not linear:
            self.prelu = nn.PReLU(o)

    def forward(self, x):
        x = self.bn(self.conv(x))
        return self.prelu(x) if hasattr(self, "prelu") else x


class MobileBottleneck(nn.Module):
    def __init__(self, i, o, stride, expansion):
        super().__init__()
        self.connect, m = stride == 1 and i == o, i * expansion
        self.conv = nn.Sequential(
            conv(i, m, 1), nn.BatchNorm2d(m), nn.PReLU(m),
            conv(m, m, 3, stride, 1, m), nn.BatchNorm2d(m), nn.PReLU(m),
            conv(m, o, 1), nn.BatchNorm2d(o),
        )

    def forward(self, x):
        return x + self.conv(x) if self.connect else self.conv(x)


class MobileFaceNet(nn.Module):
    def __init__(self, width, embedding, last):
        super().__init__()
        self.conv1, self.dw_conv1 = ConvBlock(3, width, 3, 2, 1), ConvBlock(width, width, 3, 1, 1, width)
        blocks, i = [], width
        for t, c, n, s in [(2, 1, 5, 2), (4, 2, 1, 2), (2, 2, 6, 1), (4, 2, 1, 2), (2, 2, 2, 1)]:
            for b in range(n):
                blocks.append(MobileBottleneck(i, c * width, 1 if b else s, t))
                i = c * width
        self.blocks = nn.Sequential(*blocks)
        self.conv2 = ConvBlock(i, 8 * width, 1, 1, 0)
        self.linear7 = ConvBlock(8 * width, 8 * width, last, 1, 0, 8 * width, linear=True)
        self.linear1 = ConvBlock(8 * width, embedding, 1, 1, 0, linear=True)

    def forward(self, x):
        return self.linear1(self.linear7(self.conv2(self.blocks(self.dw_conv1(self.conv1(x)))))).flatten(1)


class ResBlock(nn.Module):
    def __init__(self, i, planes, stride, bottleneck):
        super().__init__()
        o = 4 * planes if bottleneck else planes
        shapes = [(i, planes, 1, 1, 0), (planes, planes, 3, stride, 1), (planes, o, 1, 1, 0)]
        for k, shape in enumerate(shapes if bottleneck else [(i, planes, 3, stride, 1), (planes, planes, 3, 1, 1)]):
            setattr(self, f"conv{k + 1}", conv(*shape))
            setattr(self, f"bn{k + 1}", nn.BatchNorm2d(shape[1]))
        self.count = 3 if bottleneck else 2
        self.downsample = nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o)) if stride == 2 or i != o else None

    def forward(self, x):
        y = x
        for k in range(1, self.count + 1):
            y = getattr(self, f"bn{k}")(getattr(self, f"conv{k}")(y))
            y = y.relu() if k < self.count else y
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class CifarResNet(nn.Module):
    def __init__(self, blocks, bottleneck, width, embedding):
        super().__init__()
        self.conv1, self.bn1, i = conv(3, width, 3, 1, 1), nn.BatchNorm2d(width), width
        for stage, count in enumerate(blocks):
            layer = []
            for b in range(count):
                layer.append(ResBlock(i, width << stage, 2 if stage and not b else 1, bottleneck))
                i = (width << stage) * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        if embedding:
            self.fc, self.bn_fc = nn.Linear(i, embedding, bias=False), nn.BatchNorm1d(embedding)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        x = self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))
        return self.bn_fc(self.fc(x)) if hasattr(self, "fc") else x


class DenseLayer(nn.Module):
    def __init__(self, i, k):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(i), conv(i, 4 * k, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * k), conv(4 * k, k, 3, 1, 1)

    def forward(self, x):
        return torch.cat([x, self.conv2(self.norm2(self.conv1(self.norm1(x).relu())).relu())], 1)


class Transition(nn.Module):
    def __init__(self, i):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(i), conv(i, i // 2, 1)

    def forward(self, x):
        return nn.functional.avg_pool2d(self.conv(self.norm(x).relu()), 2)


class CifarDenseNet(nn.Module):
    def __init__(self, blocks, k):
        super().__init__()
        self.features, i = nn.Sequential(), 2 * k
        self.features.add_module("conv0", conv(3, i, 3, 1, 1))
        self.features.add_module("norm0", nn.BatchNorm2d(i))
        self.features.add_module("relu0", nn.ReLU())
        for index, count in enumerate(blocks):
            block = nn.Sequential()
            for layer in range(count):
                block.add_module(f"denselayer{layer + 1}", DenseLayer(i, k))
                i += k
            self.features.add_module(f"denseblock{index + 1}", block)
            if index < len(blocks) - 1:
                self.features.add_module(f"transition{index + 1}", Transition(i))
                i //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(i))

    def forward(self, x):
        return self.features(x).relu().mean((2, 3))


def uniform(index, count):
    x, values = (index + 1) * 2654435761 % 2**32, []
    for _ in range(count):
        x = (x * 1664525 + 1013904223) % 2**32
        values.append(x / 2**31 - 1)
    return torch.tensor(values, dtype=torch.float64)


def fill(net):
    slopes = {f"{name}.weight" for name, module in net.named_modules() if isinstance(module, nn.PReLU)}
    names = [name for name in net.state_dict() if "num_batches" not in name]
    for index, name in enumerate(names):
        tensor = net.state_dict()[name]
        u = uniform(index, tensor.numel()).reshape(tensor.shape)
        if tensor.dim() > 1:
            u = u * (3 / prod(tensor.shape[1:])) ** 0.5
        elif name.endswith("running_var"):
            u = 1 + 0.2 * u
        elif name.endswith("running_mean") or name.endswith("bias"):
            u = 0.1 * u
        else:
            u = 0.25 + 0.05 * u if name in slopes else 1 + 0.1 * u
        tensor.copy_(u)
    return names, sorted(slopes)


def run(config, net, shape):
    net = net.double()
    names, slopes = fill(net)
    images = uniform(9000, prod(shape)).reshape(shape)
    with torch.no_grad():
        evaluation = net.eval()(images)
    training = net.train()(images)
    (training * uniform(9001, training.numel()).reshape(training.shape)).sum().backward()
    round_off = lambda tensor: [float(f"{value:.8g}") for value in tensor.flatten().tolist()]
    return {
        "config": config,
        "inputShapeNCHW": shape,
        "parameterOrder": names,
        "slopes": slopes,
        "evaluation": round_off(evaluation),
        "training": round_off(training.detach()),
        "gradientNorms": {
            name: float(f"{parameter.grad.norm().item():.8g}")
            for name, parameter in net.named_parameters()
            if parameter.requires_grad
        },
        "runningAfter": {
            name: float(f"{tensor.sum().item():.8g}") for name, tensor in net.state_dict().items() if "running" in name
        },
    }


networks = [
    run(
        {"backbone": "lresnet-ir", "blocks": [1, 2, 1], "inputSize": [21, 18], "channels": 1, "width": 4, "embeddingSize": 5, "dropout": 0},
        LResNetIR([1, 2, 1], [21, 18], 1, 4, 5), [6, 1, 21, 18],
    ),
    run(
        {"backbone": "mobile-facenet", "inputSize": [33, 32], "width": 4, "embeddingSize": 6},
        MobileFaceNet(4, 6, (3, 2)), [5, 3, 33, 32],
    ),
    run(
        {"backbone": "cifar-resnet", "depth": 18, "inputSize": 9, "width": 4},
        CifarResNet([2, 2, 2, 2], False, 4, None), [5, 3, 9, 9],
    ),
    run(
        {"backbone": "cifar-resnet", "depth": 50, "inputSize": 16, "width": 2, "embeddingSize": 7},
        CifarResNet([3, 4, 6, 3], True, 2, 7), [6, 3, 16, 16],
    ),
    run(
        {"backbone": "cifar-densenet", "blocks": [2, 3, 1], "growthRate": 4, "inputSize": 10},
        CifarDenseNet([2, 3, 1], 4), [5, 3, 10, 10],
    ),
]
with open(sys.argv[1], "w") as file:
    json.dump({"networks": networks}, file)
