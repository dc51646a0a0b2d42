"""Relevance at every layer of a Llama, by ordinary hooks: `python latent_trace.py [MODEL]`."""

import sys

import torch
from PIL import Image
from transformers import AutoTokenizer
from transformers.models.llama import modeling_llama

from engine import monkey_patch
from engine.protocol.looks import Ramp
from engine.reading.colours import colours

name = sys.argv[1] if len(sys.argv) > 1 else "meta-llama/Llama-3.1-8B-Instruct"
prompt = "I have 5 cats and 3 dogs. My cats love to play with my"

monkey_patch(modeling_llama, verbose=True)

model = modeling_llama.LlamaForCausalLM.from_pretrained(name, dtype=torch.bfloat16, device_map="auto")
tokenizer = AutoTokenizer.from_pretrained(name)
for parameter in model.parameters():
    parameter.requires_grad = False
model.train()
model.gradient_checkpointing_enable()


def keep(layer, _, output):
    layer.output = output[0] if isinstance(output, tuple) else output
    if layer.output.requires_grad:
        layer.output.retain_grad()


for layer in model.model.layers:
    layer.register_forward_hook(keep)

input_ids = tokenizer(prompt, return_tensors="pt").input_ids.to(model.device)
embeds = model.get_input_embeddings()(input_ids).requires_grad_()
model(inputs_embeds=embeds, use_cache=False).logits[0, -1].max().backward()

rows = [(layer.output * layer.output.grad).float().sum(-1)[0].cpu() for layer in model.model.layers]
trace = torch.stack([row / row.abs().max() for row in rows]).detach().numpy()  # (layer, token), each on its own scale
picture = colours(trace, 1, Ramp("bwr"))
Image.fromarray(picture).resize((trace.shape[1] * 24, trace.shape[0] * 24), 0).save("latent_trace.png")
