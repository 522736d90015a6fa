#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random small models of tokenizer.json and what the tokenizers library answers for random texts.

usage: tools/make_model_goldens.py tests/goldens/text/models.jsonl.gz   (tokenizers 0.22.2)

One JSON object a line: "tokenizer" (the file) and "cases" (text, ids, tokens, offsets, word_ids, or
"error" where the library refuses the text); "error" in place of "cases": the file is refused.
"""
import gzip
import json
import random
import sys

from tokenizers import Tokenizer

R = random.Random(7)
MODELS = 150
CASES = 8


def alpha():
    return R.choice(['abc','ab▁ ','aé中😀','abcdeéü中文▁','ab#','x\u0301aéß'])
def word(A,l): return ''.join(R.choice(A) for _ in range(R.randint(1,l)))
def bpe():
    A=alpha()
    pre=R.choice([None]*4+['##','é','@'])
    suf=R.choice([None]*4+['</w>','$'])
    vocab=[]
    def add(t):
        if t not in vocab: vocab.append(t)
    chars=[c for c in A if R.random()<0.85]
    unk=R.choice([None,'<unk>','<unk>'])
    if unk and R.random()<0.9: add(unk)
    if R.random()<0.5:
        for b in range(256):
            if R.random()<0.97: add('<0x%02X>'%b)
    singles=[]
    for c in chars:
        for p in ([''] if not pre else ['',pre]):
            for s in ([''] if not suf else ['',suf]):
                t=p+c+s
                if R.random()<0.95: add(t); singles.append(t)
    if unk and unk in vocab and R.random()<0.1: singles.append(unk)
    bt=[t for t in vocab if t.startswith('<0x')]
    if bt and R.random()<0.3: singles+=R.sample(bt,min(8,len(bt)))
    merges=[]
    toks=list(singles)
    plen=len(pre) if pre else 0
    pb=plen
    for _ in range(R.randint(0, 40)):
        if not toks: break
        a=R.choice(toks); b=R.choice(toks)
        if pre:
            bb=b.encode()[plen:]
            try: bb=bb.decode()
            except: continue
            if len(b.encode())<plen: continue
            if not b.startswith(pre) and R.random()<0.9: continue
            t=a+bb
        else: t=a+b
        if ' ' in a or ' ' in b: mode=1
        add(t); toks.append(t)
        if (a,b) not in merges or R.random()<0.3: merges.append((a,b))
    R.shuffle(merges) if R.random()<0.3 else None
    if R.random()<0.3: # all splits
        ms=set(merges)
        for t in vocab:
            for i in range(1,len(t)):
                a,b=t[:i],t[i:]
                if pre: continue
                if a in vocab and b in vocab: ms.add((a,b))
        merges=sorted(ms); R.shuffle(merges)
    m={'type':'BPE','dropout':R.choice([None,None,0.0]),'unk_token':unk,'continuing_subword_prefix':pre,'end_of_word_suffix':suf,
       'fuse_unk':R.random()<0.5,'byte_fallback':R.random()<0.5 and not pre and not suf,'ignore_merges':R.random()<0.3}
    ids=list(range(len(vocab))); 
    if R.random()<0.3: R.shuffle(ids)
    m['vocab']=dict(zip(vocab,ids))
    if any(' ' in a+b for a,b in merges) or R.random()<0.5: m['merges']=[list(x) for x in merges]
    else: m['merges']=[' '.join(x) for x in merges]
    return m,A
def unigram():
    A=alpha()
    vocab=[]
    if R.random()<0.8: vocab.append(('<unk>',R.choice([0.0,-1.0])))
    byte=R.random()<0.3
    if byte:
        for b in range(256):
            if R.random()<0.99: vocab.append(('<0x%02X>'%b,0.0))
    for _ in range(R.randint(1,40)):
        t=word(A,R.choice([1,2,3,5]))
        if any(t==v for v,_ in vocab) and R.random()<0.8: continue
        vocab.append((t,float(R.choice([-1,-2,-3,-4,-5,0,1,-2.5,-R.random()*10]))))
    R.shuffle(vocab)
    u=[i for i,(t,_) in enumerate(vocab) if t=='<unk>']
    uid=u[0] if u and R.random()<0.9 else None
    if vocab and R.random()<0.05: uid=R.randrange(len(vocab))
    m={'type':'Unigram','unk_id':uid,'vocab':[list(x) for x in vocab],'byte_fallback':R.choice([byte,False])}
    return m,A
def wp():
    A=alpha()
    pre=R.choice(['##','','@','é'])
    vocab=[]
    if R.random()<0.9: vocab.append('[UNK]')
    for _ in range(R.randint(1,40)):
        t=R.choice(['',pre])+word(A,R.choice([1,2,3]))
        if t not in vocab: vocab.append(t)
    return {'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':pre,'max_input_chars_per_word':R.choice([100,5,10]),'vocab':{t:i for i,t in enumerate(vocab)}},A
def wl():
    A=alpha(); vocab=['[UNK]'] if R.random()<.9 else []
    for _ in range(R.randint(1,20)):
        t=word(A,2)
        if t not in vocab: vocab.append(t)
    return {'type':'WordLevel','unk_token':'[UNK]','vocab':{t:i for i,t in enumerate(vocab)}},A


def answer(tokenizer, text):
    try:
        e = tokenizer.encode(text)
    except BaseException:  # a panic of the library is no Exception
        return {"text": text, "error": "refused"}
    return {"text": text, "ids": e.ids, "tokens": e.tokens, "offsets": e.offsets,
            "word_ids": e.word_ids}


def record():
    model, letters = R.choice([bpe, bpe, bpe, unigram, unigram, wp, wl])()
    cut = R.choice([None, {"type": "WhitespaceSplit"}, {"type": "Whitespace"}])
    file = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
            "normalizer": None, "pre_tokenizer": cut, "post_processor": None, "decoder": None,
            "model": model}
    letters += R.choice(["", "z", "中", "é☃", "<unk>"]) + R.choice(["", " ", "  "])
    texts = [word(letters, R.choice([3, 10, 40, 100])) for _ in range(CASES)]
    try:
        tokenizer = Tokenizer.from_str(json.dumps(file, ensure_ascii=False))
    except BaseException:
        return {"tokenizer": file, "error": "refused"}
    return {"tokenizer": file, "cases": [answer(tokenizer, text) for text in texts]}


with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as out:
    for _ in range(MODELS):
        out.write((json.dumps(record(), ensure_ascii=False) + "\n").encode())
