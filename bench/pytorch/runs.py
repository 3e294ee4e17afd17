"""A whole training run on a folder of images: DataLoader, network, CosFace, SGD."""

import os
import time

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

import losses
import networks

PHASES = ("data", "forward", "loss", "backward", "update")


class Folder(Dataset):
    """Images of people, one folder each: decoded, resized, mirrored at random and scaled to [-1, 1]."""

    def __init__(self, folder, side):
        self.side = side
        self.people = sorted(os.listdir(folder))
        self.files = [
            (os.path.join(folder, person, name), label)
            for label, person in enumerate(self.people)
            for name in sorted(os.listdir(os.path.join(folder, person)))
        ]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path, label = self.files[index]
        with Image.open(path) as image:
            # libjpeg decodes at a fraction of the size that is still large enough, as sharp does.
            image.draft("RGB", (self.side, self.side))
            pixels = np.asarray(image.convert("RGB").resize((self.side, self.side), Image.BILINEAR))
        # Contiguous, as ToTensor of torchvision returns it.
        tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1).contiguous().float().sub_(127.5).div_(127.5)
        return (tensor.flip(2) if torch.rand(()) < 0.5 else tensor), label


def make_run(options):
    """Return a run. Options: {"folder", "network", "side", "batch", "epochs", "workers", "channelsLast"}."""
    side, workers = options["side"], options["workers"]
    data = Folder(options["folder"], side)
    layout = torch.channels_last if options["channelsLast"] else torch.contiguous_format

    def run():
        torch.manual_seed(1)
        if options["network"] == "small-cnn":
            network, size = networks.small_cnn(side), 64
        else:
            network, size = networks.lresnet_ir(18, side), 512
        network = network.to(memory_format=layout)
        loss = losses.LOSSES["softmax"](len(data.people), size)
        parameters = [*network.parameters(), *loss.parameters()]
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)
        loader = DataLoader(
            data,
            batch_size=options["batch"],
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        epochs = [train_epoch(loader, layout, network, loss, optimizer) for _ in range(options["epochs"])]
        return {"epochs": epochs}

    return run


def train_epoch(loader, layout, network, loss, optimizer):
    """Train for an epoch. Return its duration, the number of images, and the time of each phase in seconds."""
    times = dict.fromkeys(PHASES, 0.0)
    images = 0
    start = last = time.perf_counter()

    def end_phase(phase):
        nonlocal last
        now = time.perf_counter()
        times[phase] += now - last
        last = now

    network.train()
    for batch, labels in loader:
        batch = batch.contiguous(memory_format=layout)
        end_phase("data")
        embeddings = network(batch)
        end_phase("forward")
        value = loss(embeddings, labels)
        end_phase("loss")
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        end_phase("backward")
        optimizer.step()
        networks.keep_slopes_positive(network)
        value.item()
        end_phase("update")
        images += len(labels)
    end_phase("data")
    return {"seconds": time.perf_counter() - start, "images": images, **times}
