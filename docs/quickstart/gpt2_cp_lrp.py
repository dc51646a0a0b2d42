"""GPT-2 under CP-LRP, which needs no contrast: `python gpt2_cp_lrp.py [MODEL]`."""

import sys

from transformers import AutoTokenizer
from transformers.models.gpt2 import modeling_gpt2

from engine import clean_tokens, cp_LRP, monkey_patch, pdf_heatmap

name = sys.argv[1] if len(sys.argv) > 1 else "openai-community/gpt2"
prompt = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"

monkey_patch(modeling_gpt2, cp_LRP, verbose=True)

model = modeling_gpt2.GPT2LMHeadModel.from_pretrained(name).eval()
tokenizer = AutoTokenizer.from_pretrained(name)
for parameter in model.parameters():
    parameter.requires_grad = False

input_ids = tokenizer(prompt, return_tensors="pt").input_ids
embeds = model.get_input_embeddings()(input_ids).requires_grad_()
logits = model(inputs_embeds=embeds, use_cache=False).logits[0, -1]
logits.max().backward()
print("The model continues with", repr(tokenizer.decode(logits.argmax())))

relevance = (embeds * embeds.grad).sum(-1)[0]
tokens = clean_tokens(tokenizer.convert_ids_to_tokens(input_ids[0]))
pdf_heatmap(tokens, relevance / relevance.abs().max(), path="gpt2_cp_lrp.pdf")
