"""Which tokens made a Llama continue as it does: `python llama.py [MODEL] [PROMPT_FILE] [--4bit]`."""

import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, BitsAndBytesConfig
from transformers.models.llama import modeling_llama

from engine import clean_tokens, monkey_patch, pdf_heatmap

given = [word for word in sys.argv[1:] if word != "--4bit"]
name = given[0] if given else "meta-llama/Llama-3.2-1B-Instruct"
prompt = Path(given[1]).read_text() if len(given) > 1 else "I have 5 cats and 3 dogs. My cats love to play with my"
four_bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)

monkey_patch(modeling_llama, verbose=True)

model = modeling_llama.LlamaForCausalLM.from_pretrained(
    name, dtype=torch.bfloat16, device_map="auto", quantization_config=four_bits if "--4bit" in sys.argv else None
)
tokenizer = AutoTokenizer.from_pretrained(name)
for parameter in model.parameters():
    parameter.requires_grad = False

# Less memory for more time. transformers checkpoints in training mode only; the rules keep dropout off there.
model.train()
model.gradient_checkpointing_enable()

input_ids = tokenizer(prompt, return_tensors="pt").input_ids.to(model.device)
embeds = model.get_input_embeddings()(input_ids).requires_grad_()
logits = model(inputs_embeds=embeds, use_cache=False).logits[0, -1]
logits.max().backward()
print("The model continues with", repr(tokenizer.decode(logits.argmax())))

relevance = (embeds * embeds.grad).float().sum(-1)[0]
tokens = clean_tokens(tokenizer.convert_ids_to_tokens(input_ids[0]))
pdf_heatmap(tokens, relevance / relevance.abs().max(), path="llama.pdf")
