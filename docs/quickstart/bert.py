"""Which words make a sentence acceptable English, or not: `python bert.py [MODEL]`."""

import sys

from transformers import AutoTokenizer
from transformers.models.bert import modeling_bert

from engine import clean_tokens, monkey_patch, pdf_heatmap

name = sys.argv[1] if len(sys.argv) > 1 else "JeremiahZ/bert-base-uncased-cola"
sentence = "For many years, the scientists concluded that the models are good because they has lots of parameters."

monkey_patch(modeling_bert, verbose=True)

model = modeling_bert.BertForSequenceClassification.from_pretrained(name).eval()
tokenizer = AutoTokenizer.from_pretrained(name)
for parameter in model.parameters():
    parameter.requires_grad = False

input_ids = tokenizer(sentence, return_tensors="pt").input_ids
embeds = model.get_input_embeddings()(input_ids).requires_grad_()
logits = model(inputs_embeds=embeds).logits[0]
logits.max().backward()
print("The sentence is", model.config.id2label[logits.argmax().item()])

relevance = (embeds * embeds.grad).sum(-1)[0]
tokens = clean_tokens(tokenizer.convert_ids_to_tokens(input_ids[0]))
pdf_heatmap(tokens, relevance / relevance.abs().max(), path="bert.pdf")
