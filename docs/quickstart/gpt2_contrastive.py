"""Why this token and not the others, where all logits are negative: `python gpt2_contrastive.py [MODEL]`."""

import sys

import torch
from transformers import AutoTokenizer
from transformers.models.gpt2 import modeling_gpt2

from engine import clean_tokens, monkey_patch, pdf_heatmap

name = sys.argv[1] if len(sys.argv) > 1 else "openai-community/gpt2"
prompt = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"

monkey_patch(modeling_gpt2, verbose=True)

model = modeling_gpt2.GPT2LMHeadModel.from_pretrained(name, attn_implementation="eager").eval()
tokenizer = AutoTokenizer.from_pretrained(name)
for parameter in model.parameters():
    parameter.requires_grad = False

input_ids = tokenizer(prompt, return_tensors="pt").input_ids
embeds = model.get_input_embeddings()(input_ids).requires_grad_()
logits = model(inputs_embeds=embeds, use_cache=False).logits[0, -1]

# The largest logit, less 1/N of every other: what is common to all tokens explains none (Gu et al., 2018).
weights = torch.full_like(logits, -1 / len(logits))
weights[logits.argmax()] = 1
logits.backward(weights)
print("The model continues with", repr(tokenizer.decode(logits.argmax())))

relevance = (embeds * embeds.grad).sum(-1)[0]
tokens = clean_tokens(tokenizer.convert_ids_to_tokens(input_ids[0]))
pdf_heatmap(tokens, relevance / relevance.abs().max(), path="gpt2_contrastive.pdf")
