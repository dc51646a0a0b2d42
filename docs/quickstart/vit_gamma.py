"""A grid of gamma rules for a vision transformer: `python vit_gamma.py IMAGE`. Relevance of images needs smoothing."""

import itertools
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.models import vision_transformer
from zennit.composites import LayerMapComposite
from zennit.rules import Gamma

from engine import monkey_patch, monkey_patch_zennit
from engine.protocol.looks import Ramp
from engine.reading.colours import colours

CONV, LINEAR = (0.1, 0.25, 100), (0, 0.01, 0.05, 0.1, 1)

monkey_patch(vision_transformer, verbose=True)
monkey_patch_zennit(verbose=True)

weights = vision_transformer.ViT_B_16_Weights.IMAGENET1K_V1
model = vision_transformer.vit_b_16(weights=weights).eval()
for parameter in model.parameters():
    parameter.requires_grad = False
image = weights.transforms()(Image.open(sys.argv[1]).convert("RGB")).unsqueeze(0).requires_grad_()

maps = []
for conv, linear in itertools.product(CONV, LINEAR):
    image.grad = None
    composite = LayerMapComposite([(torch.nn.Conv2d, Gamma(conv)), (torch.nn.Linear, Gamma(linear))])
    with composite.context(model):
        logits = model(image)[0]
        logits.max().backward()
    relevance = (image * image.grad).sum(1)[0].detach().numpy()
    maps.append(colours(relevance, abs(relevance).max(), Ramp("bwr")))
    print("gamma", conv, "and", linear, "explain", weights.meta["categories"][logits.argmax()])

rows = [np.hstack(maps[start : start + len(LINEAR)]) for start in range(0, len(maps), len(LINEAR))]
Image.fromarray(np.vstack(rows)).save("vit_gamma.png")
