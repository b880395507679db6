"""Measures how many pictures per second PyTorch trains the network of Anand et al. (2025) on; prints a JSON object.

The same work as `blastscope-host throughput`: steps of Adam on one batch of random pictures, forward, backward and optimizer,
after a warm-up; pictures are not read, and the loss is read only where the clock starts and stops. Channels last, which
PyTorch recommends for convolutions; cuDNN may choose its kernels. --precision amp computes products in 16 bits with a
scaled loss, as PyTorch offers it for tensor cores, the counterpart of flex32; f32 keeps TF32 off."""

import argparse
import json
import sys
import time

try:
    import torch
    from torch import nn
except ImportError as error:
    sys.exit(f"error: {error}\nremedy: python3 -m venv torch && torch/bin/pip install torch, then PYTHON=torch/bin/python3")

BLOCKS = [[16] * 2, [32] * 2, [64] * 3, [128] * 3, [256] * 3]
HIDDEN, CLASSES = 512, 4


def network(side):
    layers, channels = [], 3
    for block in BLOCKS:
        for filters in block:
            layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(channels * (side // 32) ** 2, HIDDEN), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, CLASSES))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--warm-up", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--precision", choices=["f32", "amp"], default="f32")
    asked = parser.parse_args()
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    mixed = asked.precision == "amp"
    half = torch.float16 if gpu else torch.bfloat16

    model = network(asked.image_size).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    scaler = torch.amp.GradScaler(device.type, enabled=mixed and gpu)
    shape = (asked.batch_size, 3, asked.image_size, asked.image_size)
    inputs = torch.rand(shape, device=device).contiguous(memory_format=torch.channels_last)
    targets = torch.arange(asked.batch_size, device=device) % CLASSES
    for step in range(asked.warm_up + asked.steps):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype=half, enabled=mixed):
            loss = nn.functional.cross_entropy(model(inputs), targets)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if step + 1 in (asked.warm_up, asked.warm_up + asked.steps):
            last = loss.item()
            if gpu:
                torch.cuda.synchronize()
        if step + 1 == asked.warm_up:
            start = time.perf_counter()
    seconds = time.perf_counter() - start
    print(json.dumps({
        "network": "allcnn",
        "backend": f"PyTorch {torch.__version__}",
        "devices": [torch.cuda.get_device_name() if gpu else "CPU"],
        "precision": asked.precision,
        "seconds": seconds,
        "pictures_per_second": asked.batch_size * asked.steps / seconds,
        "last_loss": last,
    }))


main()
