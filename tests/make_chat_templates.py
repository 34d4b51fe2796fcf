"""Makes tests/data/templates and tests/golden/templates.txt: chat templates in the idioms in which they
are published, and the chat format that writes what each of them writes.

usage: make_chat_templates.py    (versions: tests/requirements.txt)

The oracle is apply_chat_template: a template has a format if both write the same for conversations of
one to three turns, with and without a system message. What a format writes is spelled out below from
CHAT FORMATS in slm.h. A line of the golden file: name, bos_token, eos_token, format, 1 if BOS comes
first, the template's own system message as slm-info --json shows it (null: there is none, "?": it
cannot be known), with tabs between.
"""
import json
import os
import tempfile
import shutil

from jinja2.exceptions import TemplateError
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data", "templates")
KINDS = ["plain", "phi-2", "chatml", "llama-2", "zephyr", "llama-3", "gemma"]
ASK = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
ANSWER = "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
LOOP = "{% for message in messages %}"
CHATML = (LOOP + "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
          "{% endfor %}")
ALTERNATE = ("{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
             "{{ raise_exception('Conversation roles must alternate user/assistant/user/...') }}{% endif %}")


class Case:
    def __init__(self, template, want, bos=0, own=None, bos_token="<s>", eos_token="</s>", **more):
        self.template, self.want, self.bos, self.own = template, want, bos, own
        self.bos_token, self.eos_token = bos_token, eos_token
        self.unread = more.pop("unread", False)     # right, but not read by the converter
        self.preface = more.pop("preface", False)   # its own message begins one that is given, too
        self.given = more.pop("given", {})          # variables that stand for what changes by the day
        assert not more


def zephyr(user_end="eos_token", answer_end="eos_token", glue="\\n", between=""):
    return (LOOP + "{% if message['role'] == 'user' %}{{ '<|user|>" + glue + "' + message['content'] + "
            + user_end + " + '\\n' }}{% elif message['role'] == 'system' %}{{ '<|system|>" + glue +
            "' + message['content'] + " + user_end + " + '\\n' }}{% elif message['role'] == 'assistant' %}"
            "{{ '<|assistant|>" + glue + "' + message['content'] + " + answer_end + " + '\\n' }}{% endif %}"
            + between + "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>" + glue + "' }}{% endif %}")


def llama2(system="{% set system_message = false %}", content=".strip()", bos="bos_token + ",
           user=" + ' [/INST]'", answer="' '  + content.strip() + ' ' + eos_token"):
    return ("{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
            "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
            + system + "{% endif %}{% for message in loop_messages %}" + ALTERNATE +
            "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + "
            "system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}"
            "{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
            "{{ " + bos + "'[INST] ' + content" + content + user + " }}"
            "{% elif message['role'] == 'assistant' %}{{ " + answer + " }}{% endif %}{% endfor %}")


QWEN = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
QWEN25 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'A' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n\\nYou may call one or more functions.\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\n""" + QWEN + """<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- for tool_call in message.tool_calls %}
            {{- '\\n<tool_call>\\n' + (tool_call | tojson) }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
QWEN3 = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set thought = '' %}
        {%- if '</think>' in message.content %}
            {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
            {%- set thought = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or thought) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
DATES = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
HEADER = "'<|start_header_id|>' + {} + '<|end_header_id|>\\n\\n'"


def llama31(dates):
    return ("{{- bos_token }}" + dates + "{% if messages[0]['role'] == 'system' %}"
            "{% set system = messages[0]['content']|trim %}{% set messages = messages[1:] %}{% else %}"
            "{% set system = \"\" %}{% endif %}{{ " + HEADER.format("'system'") +
            " }}{{ \"Cutting Knowledge Date: December 2023\\n\" }}{{ \"Today Date: \" + date_string + \"\\n\\n\" }}"
            "{{ '' + system + '<|eot_id|>' }}{% for message in messages %}{{ " + HEADER.format("message['role']") +
            " + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ " +
            HEADER.format("'assistant'") + " }}{% endif %}")


GEMMA3 = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {{ item['text'] | trim }}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
"""
SMOL = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
SYSTEM_FIRST = ("{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\n"
                + SMOL + "<|im_end|>\\n' }}{% endif %}")
LINES = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

CASES = {
    # ---- chatml, in several spellings
    "chatml": Case(CHATML + ASK, "chatml"),
    "chatml-dots": Case("{% for m in messages %}{{ '<|im_start|>' ~ m.role ~ '\\n' ~ m.content ~ '<|im_end|>\\n' }}"
                        "{% endfor %}" + ASK, "chatml"),
    "chatml-text": Case("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n\n{% endfor %}"
                        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}", "plain"),
    "chatml-lines": Case("{% for m in messages -%}\n<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
                         "{% endfor %}\n{% if add_generation_prompt -%}\n<|im_start|>assistant\n{% endif %}", "chatml"),
    "chatml-indented": Case(LOOP + "\n    {% set one = 1 %}\n" + CHATML[len(LOOP):] + ASK, "chatml"),
    "chatml-not-indented": Case(LOOP + "\n    {%+ set one = 1 %}\n" + CHATML[len(LOOP):] + ASK, "plain"),
    "chatml-crlf": Case((CHATML + ASK).replace("%}", "%}\r\n"), "chatml"),
    "chatml-bos": Case("{{ bos_token }}" + CHATML + ASK, "chatml", bos=1),
    "chatml-bos-text": Case("<s>" + CHATML + ASK, "chatml", bos=1),
    "chatml-bos-loop": Case(CHATML.replace("{{'<", "{{ (bos_token if loop.first else '') + '<") + ASK, "chatml", bos=1),
    "chatml-bos-first": Case(CHATML.replace("{{'<", "{% if loop.index0 == 0 %}{{ bos_token }}{% endif %}{{'<") + ASK,
                             "chatml", bos=1),
    "chatml-bos-each": Case(CHATML.replace("{{'<", "{{ bos_token }}{{'<") + ASK, "plain", bos=1),
    "chatml-no-bos": Case("{{ bos_token }}" + CHATML + ASK, "chatml", bos_token=None),
    "chatml-undefined-bos": Case("{{ bos_token + '' }}" + CHATML + ASK, "plain", bos_token=None),
    "chatml-trim": Case(CHATML.replace("message['content']", "message['content'] | trim") + ASK, "chatml"),
    "chatml-strip": Case(CHATML.replace("message['content']", "message['content'].strip()") + ASK, "chatml"),
    "chatml-set": Case("{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}"
                       + CHATML + ASK, "chatml"),
    "chatml-no-opening": Case(CHATML, "chatml"),
    "chatml-always-opens": Case(CHATML + "{{ '<|im_start|>assistant\\n' }}", "plain"),
    "chatml-eos": Case(CHATML.replace("'<|im_end|>'", "eos_token") + ASK, "chatml", eos_token="<|im_end|>"),
    "chatml-other-eos": Case(CHATML.replace("'<|im_end|>'", "eos_token") + ASK, "plain"),
    "chatml-answer-eos": Case(LOOP + "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + "
                              "(eos_token if message.role == 'assistant' else '') + '\\n' }}{% endfor %}" + ASK, "plain"),
    "chatml-no-newline": Case(CHATML.replace(" + '\\n'}}", "}}") + ASK, "plain"),
    "chatml-bare-answer": Case(LOOP + "{% if message.role == 'assistant' %}{{ message.content + '<|im_end|>\\n' }}{% else %}"
                               "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endif %}"
                               "{% endfor %}" + ASK, "plain"),
    "chatml-no-system": Case("{% for message in messages if message.role != 'system' %}" + CHATML[len(LOOP):] + ASK, "plain"),
    "chatml-drops-system": Case(LOOP + "{% if message['role'] != 'system' %}" + CHATML[len(LOOP):-len("{% endfor %}")] +
                                "{% endif %}{% endfor %}" + ASK, "plain"),
    "chatml-refuses-system": Case("{% if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
                                  + CHATML + ASK, "chatml"),
    "chatml-refuses": Case(LOOP + "{% if message.role not in ['user', 'assistant', 'system'] %}{{ raise_exception('role') }}"
                           "{% endif %}" + CHATML[len(LOOP):] + ASK, "chatml"),
    "chatml-think": Case(CHATML + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}", "plain"),
    "chatml-ai": Case(CHATML.replace("message['role']", "('ai' if message.role == 'assistant' else message.role)") + ASK, "plain"),
    "chatml-generation": Case(LOOP + "{% if message.role == 'assistant' %}{{ '<|im_start|>assistant\\n' }}{% generation %}"
                              "{{ message.content + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}{% else %}"
                              "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endif %}"
                              "{% endfor %}" + ASK, "chatml"),
    "chatml-comment": Case("{#- ChatML, as\nothers write it -#}\n" + CHATML + "{# the answer #}\n" + ASK, "chatml"),
    "chatml-parts": Case(LOOP + "{% if message['content'] is string %}{% set content = message['content'] %}{% else %}"
                         "{% set content = message['content'][0]['text'] %}{% endif %}{{ '<|im_start|>' + message['role'] + "
                         "'\\n' + content + '<|im_end|>\\n' }}{% endfor %}" + ASK, "chatml"),
    "chatml-namespace": Case("{% set ns = namespace(first=true) %}" + LOOP + "{% if ns.first %}{% set ns.first = false %}"
                             "{% else %}{{ '\\n' }}{% endif %}{{ '<|im_start|>' + message.role + '\\n' + message.content + "
                             "'<|im_end|>' }}{% endfor %}{{ '\\n' }}" + ASK, "chatml"),
    "chatml-escapes": Case(CHATML.replace("<|im_start|>", "\\x3c|im_\\u0073tart|\\76") + ASK, "chatml"),
    "chatml-reversed": Case("{% for message in messages[::-1] %}" + CHATML[len(LOOP):] + ASK, "plain"),
    "chatml-macro": Case("{% macro one(m) %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endmacro %}"
                         + LOOP + "{{ one(message) }}{% endfor %}" + ASK, "plain", unread=True),
    "chatml-unused-macro": Case("{% macro show(x) %}{% if x %}{{ x | tojson }}{% endif %}{% endmacro %}" + CHATML + ASK, "chatml"),
    # ---- with a system message of their own
    "qwen": Case(QWEN25, "chatml", own=QWEN),
    "smollm": Case(LOOP + SYSTEM_FIRST + CHATML[len(LOOP):] + ASK, "chatml", own=SMOL),
    "own-in-front": Case("{% if messages[0].role != 'system' %}{{ '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}{% endif %}"
                         "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
                         + ASK, "chatml", own="Be kind."),
    "own-set": Case("{% set default_system = 'Be brief.\\nBe right.' %}{% if messages[0].role == 'system' %}"
                    "{% set system = messages[0].content %}{% set rest = messages[1:] %}{% else %}"
                    "{% set system = default_system %}{% set rest = messages %}{% endif %}"
                    "{{ '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}{% for m in rest %}"
                    "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}" + ASK,
                    "chatml", own="Be brief.\nBe right."),
    "own-list": Case("{% if messages[0].role != 'system' %}{% set messages = [{'role': 'system', 'content': 'Be good.'}] + "
                     "messages %}{% endif %}" + CHATML + ASK, "chatml", own="Be good."),
    "own-unicode": Case(LOOP + SYSTEM_FIRST.replace(SMOL, "Eres na\u00efve. \u65e5\u672c \\U0001f600 \"x\" \\\\ y") +
                        CHATML[len(LOOP):] + ASK, "chatml", own="Eres na\u00efve. \u65e5\u672c \U0001f600 \"x\" \\ y"),
    "own-empty": Case("{% if messages[0].role != 'system' %}{{ '<|system|>\\n' + '' + eos_token + '\\n' }}{% endif %}" +
                      zephyr(), "zephyr", own=""),
    "own-date": Case(LOOP + SYSTEM_FIRST.replace(SMOL, "Today is ' + strftime_now('%d %B') + '.") + CHATML[len(LOOP):] + ASK,
                     "chatml", own="?"),
    "own-date-variable": Case("{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}" + LOOP +
                              SYSTEM_FIRST.replace(SMOL, "Today is ' + date_string + '.") + CHATML[len(LOOP):] + ASK,
                              "chatml", own="Today is 26 Jul 2024."),
    "own-escape": Case(LOOP + SYSTEM_FIRST.replace(SMOL, "\\x1b[31m") + CHATML[len(LOOP):] + ASK, "plain", unread=True),
    "own-always": Case("{{ '<|im_start|>system\\nAlways.<|im_end|>\\n' }}" + CHATML + ASK, "plain"),
    "own-in-zephyr": Case("{% if messages[0].role != 'system' %}{{ '<|system|>\\nBe kind.' + eos_token + '\\n' }}{% endif %}" +
                          zephyr(), "zephyr", own="Be kind."),
    "own-llama-2": Case(llama2("{% set system_message = 'You are a helpful, honest assistant.' %}"), "llama-2", bos=1,
                        own="You are a helpful, honest assistant."),
    "own-bos": Case("{{ bos_token }}" + LOOP + SYSTEM_FIRST + CHATML[len(LOOP):] + ASK, "chatml", bos=1, own=SMOL),
    "orca-2": Case(CHATML + ASK, "chatml"),
    # ---- zephyr
    "zephyr": Case(LINES, "zephyr"),
    "zephyr-one-line": Case(zephyr(), "zephyr"),
    "zephyr-literal-eos": Case(zephyr("'</s>'", "'</s>'"), "zephyr"),
    "stablelm-2": Case(LOOP + "{{'<|' + message['role'] + '|>' + '\\n' + message['content'] + '<|endoftext|>' + '\\n' }}"
                       "{% endfor %}" + ANSWER, "zephyr", eos_token="<|endoftext|>"),
    "stablelm-other-eos": Case(LOOP + "{{'<|' + message['role'] + '|>' + '\\n' + message['content'] + '<|endoftext|>' + '\\n' }}"
                               "{% endfor %}" + ANSWER, "plain"),
    "zephyr-no-system": Case("{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>\\n' + m.content + eos_token + '\\n' }}"
                             "{% else %}{{ '<|assistant|>\\n' + m.content + eos_token + '\\n' }}{% endif %}{% endfor %}" + ANSWER,
                             "plain"),
    "tulu": Case(LOOP + "{% if message['role'] == 'system' %}{{ '<|system|>\\n' + message['content'] + '\\n' }}"
                 "{% elif message['role'] == 'user' %}{{ '<|user|>\\n' + message['content'] + '\\n' }}"
                 "{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\\n' + message['content'] + "
                 "eos_token + '\\n' }}{% else %}{{ '<|assistant|>\\n' + message['content'] + eos_token }}{% endif %}{% endif %}"
                 "{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}{% endfor %}", "plain"),
    "tulu-2": Case("{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>\\n' + m.content + '\\n' }}{% else %}"
                   "{{ '<|assistant|>\\n' + m.content + eos_token + '\\n' }}{% endif %}{% endfor %}" + ANSWER, "plain"),
    "olmo-2": Case("{{ bos_token }}" + zephyr("''"), "plain", bos=1),
    "falcon-3": Case(zephyr("''", "'<|endoftext|>'"), "plain", eos_token="<|endoftext|>"),
    "phi-3": Case(LOOP + "{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}" +
                  "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}", "plain"),
    "zephyr-space": Case(zephyr(glue=" "), "plain"),
    "zephyr-no-newline": Case(zephyr().replace(" + '\\n' }}", " }}"), "plain"),
    "glm-4": Case("[gMASK]<sop>" + LOOP + "{{ '<|' + message.role + '|>\\n' + message.content }}{% endfor %}"
                  "{% if add_generation_prompt %}<|assistant|>{% endif %}", "plain"),
    "granite": Case(LOOP + "{% if message['role'] == 'user' %}{{ '<|user|>\\n' + message['content'] + '\\n' }}"
                    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\\n' + message['content'] + eos_token + '\\n' }}"
                    "{% elif message['role'] == 'system' %}{{ '<|system|>\\n' + message['content'] + '\\n' }}{% endif %}"
                    "{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}{% endfor %}", "plain"),
    # ---- llama-2
    "llama-2": Case(llama2(), "llama-2", bos=1),
    "llama-2-trim": Case(llama2(content=" | trim", answer="' ' + content | trim + ' ' + eos_token"), "llama-2", bos=1),
    "llama-2-flag": Case(llama2().replace(
        "{% else %}{% set loop_messages = messages %}{% set system_message = false %}",
        "{% elif false == true and not '<<SYS>>' in messages[0]['content'] %}{% set loop_messages = messages %}"
        "{% set system_message = 'You are a helpful, respectful and honest assistant.' %}"
        "{% else %}{% set loop_messages = messages %}{% set system_message = false %}"), "llama-2", bos=1),
    "llama-2-newer": Case("{% if messages[0]['role'] == 'system' %}{% set system_message = '<<SYS>>\\n' + "
                          "messages[0]['content'] | trim + '\\n<</SYS>>\\n\\n' %}{% set messages = messages[1:] %}{% else %}"
                          "{% set system_message = '' %}{% endif %}" + LOOP + ALTERNATE +
                          "{% if loop.index0 == 0 %}{% set content = system_message + message['content'] %}{% else %}"
                          "{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
                          "{{ bos_token + '[INST] ' + content | trim + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
                          "{{ ' ' + content | trim + ' ' + eos_token }}{% endif %}{% endfor %}", "llama-2", bos=1),
    "llama-2-literal": Case(llama2(bos="'<s>' + ", answer="' ' + content.strip() + ' </s>'"), "llama-2", bos=1),
    "llama-2-no-bos": Case(llama2(bos=""), "plain"),
    "llama-2-bos-once": Case("{{ bos_token }}" + llama2(bos=""), "plain", bos=1),
    "llama-2-no-space": Case(llama2(user=" + '[/INST]'"), "plain", bos=1),
    "llama-2-answer": Case(llama2(answer="' ' + content.strip() + eos_token"), "plain", bos=1),
    "mistral": Case("{{ bos_token }}" + LOOP + ALTERNATE + "{% if message['role'] == 'user' %}{{ '[INST] ' + "
                    "message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + "
                    "eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}"
                    "{% endfor %}", "plain", bos=1),
    # ---- phi-2 and plain
    "phi-2": Case(LOOP + "{% if message.role == 'system' %}{{ message.content + '\\n\\n' }}{% elif message.role == 'user' %}"
                  "{{ 'Instruct: ' + message.content + '\\n' }}{% else %}{{ 'Output: ' + message.content + '\\n' }}{% endif %}"
                  "{% endfor %}{% if add_generation_prompt %}{{ 'Output:' }}{% endif %}", "phi-2"),
    "phi-2-space": Case(LOOP + "{% if message.role == 'user' %}{{ 'Instruct: ' + message.content + '\\n' }}{% else %}"
                        "{{ 'Output: ' + message.content + '\\n' }}{% endif %}{% endfor %}Output: ", "plain"),
    "lines": Case(LOOP + "{{ message.content + '\\n' }}{% if message.role == 'system' %}{{ '\\n' }}{% endif %}{% endfor %}", "plain"),
    # ---- none of the formats
    "vicuna": Case("{{ bos_token }}{% if messages[0].role == 'system' %}{{ messages[0].content }}{% set messages = messages[1:] %}"
                   "{% else %}{{ 'A chat between a curious user and an assistant.' }}{% endif %}" + LOOP +
                   "{% if message.role == 'user' %}{{ ' USER: ' + message.content }}{% else %}{{ ' ASSISTANT: ' + "
                   "message.content + eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ ' ASSISTANT:' }}"
                   "{% endif %}", "plain", bos=1, own="A chat between a curious user and an assistant."),
    "alpaca": Case("{% if messages[0].role == 'system' %}{{ messages[0].content + '\\n\\n' }}{% set messages = messages[1:] %}"
                   "{% else %}{{ 'Below is an instruction that describes a task.\\n\\n' }}{% endif %}" + LOOP +
                   "{% if message.role == 'user' %}{{ '### Instruction:\\n' + message.content + '\\n\\n' }}{% else %}"
                   "{{ '### Response:\\n' + message.content + eos_token + '\\n\\n' }}{% endif %}{% endfor %}"
                   "{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}", "plain",
                   own="Below is an instruction that describes a task."),
    "gemma": Case("{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
                  "{% endif %}" + LOOP + ALTERNATE + "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
                  "{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + "
                  "'<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}",
                  "gemma", bos=1),
    "llama-3": Case("{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
                    "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + "
                    "'<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
                    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
                    "llama-3", bos=1, eos_token="<|eot_id|>"),
    "gemma-3": Case(GEMMA3, "gemma", bos=1),
    "llama-3.1": Case(llama31("{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}"),
                      "llama-3", bos=1, own=DATES, preface=True, eos_token="<|eot_id|>"),
    "llama-3.2": Case(llama31("{% if not date_string is defined %}{% if strftime_now is defined %}{% set date_string = "
                              "strftime_now('%d %b %Y') %}{% else %}{% set date_string = '26 Jul 2024' %}{% endif %}{% endif %}"),
                      "llama-3", bos=1, own=DATES, preface=True, eos_token="<|eot_id|>", given={"date_string": "26 Jul 2024"}),
    "llama-3.1-two": Case(llama31("{% set date_string = '26 Jul 2024' %}").replace("+ system +", "+ system + '!' +"), "plain",
                          bos=1, eos_token="<|eot_id|>"),
    "qwen-3": Case(QWEN3, "chatml"),
    "think-split": Case(LOOP + "{{ '<|im_start|>' + message.role + '\\n' + message.content.split('</think>')[-1].lstrip('x\\n')"
                        " + '<|im_end|>\\n' }}{% endfor %}" + ASK, "plain"),
    "deepseek": Case("{{ bos_token }}" + LOOP + "{% if message['role'] == 'user' %}{{ 'User: ' + message['content'] + '\\n\\n' }}"
                     "{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + message['content'] + eos_token }}"
                     "{% elif message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}{% endif %}{% endfor %}"
                     "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}", "plain", bos=1),
    "command-r": Case("{{ bos_token }}" + LOOP + "{% if message.role == 'user' %}{{ '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + "
                      "message.content.strip() + '<|END_OF_TURN_TOKEN|>' }}{% elif message.role == 'assistant' %}"
                      "{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' + message.content.strip() + '<|END_OF_TURN_TOKEN|>' }}"
                      "{% endif %}{% endfor %}{% if add_generation_prompt %}"
                      "{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}", "plain", bos=1),
    "saiga": Case(LOOP + "{{ bos_token + message['role'] + '\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}"
                  "{% if add_generation_prompt %}{{ bos_token + 'bot\\n' }}{% endif %}", "plain", bos=1),
    "saiga-2": Case(LOOP + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' }}{% endfor %}" + ASK,
                    "plain"),
    "marks-only": Case("<|im_start|> <|im_end|> <|user|> <|assistant|> {{ eos_token }} [INST] <<SYS>>", "plain"),
}


def shown(text):
    if text is None:
        return "null"
    return json.dumps(text, ensure_ascii=False).replace("\\n", "\\u000a")


def tokenizer_of(case):
    with open(os.path.join(HERE, "data", "chat_formats", "marks", "tokenizer_config.json")) as file:
        settings = json.load(file)
    settings.update(bos_token=case.bos_token, eos_token=case.eos_token, add_bos_token=bool(case.bos_token))
    out = tempfile.mkdtemp()
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(os.path.join(HERE, "data", "bpe2048", name), out)
    with open(os.path.join(out, "tokenizer_config.json"), "w") as file:
        json.dump(settings, file)
    with open(os.path.join(out, "chat_template.jinja"), "w", newline="") as file:
        file.write(case.template)
    return AutoTokenizer.from_pretrained(out)


def written(kind, messages, bos, end, opens):
    """What the format writes, from CHAT FORMATS of the specification."""
    before = {"plain": ["", "", "", ""], "phi-2": ["", "Instruct: ", "Output: ", "Output:"],
              "chatml": ["<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_start|>assistant\n"],
              "zephyr": ["<|system|>\n", "<|user|>\n", "<|assistant|>\n", "<|assistant|>\n"]}
    roles = ["system", "user", "assistant"]
    if kind == "llama-2":
        out = ""
        for i, (role, text) in enumerate(messages):
            if role == "system":
                out += bos + "[INST] <<SYS>>\n" + text + "\n<</SYS>>"
            elif role == "user":
                out += ("\n\n" if i and messages[i - 1][0] == "system" else bos + "[INST] ") + text + " [/INST]"
            else:
                out += " " + text + " " + end
        return out
    if kind == "llama-3":
        headers = [(role, "".join(text)) for role, text in messages] + [("assistant", None)] * opens
        return "".join("<|start_header_id|>" + role + "<|end_header_id|>\n\n" +
                       (text + "<|eot_id|>" if text is not None else "") for role, text in headers)
    if kind == "gemma":
        out = ""
        for i, (role, text) in enumerate(messages):
            after_system = i and messages[i - 1][0] == "system"
            out += ("\n\n" if after_system else "<start_of_turn>" + ("model" if role == "assistant" else "user") + "\n")
            out += text + ("" if role == "system" else "<end_of_turn>\n")
        return out + ("<start_of_turn>model\n" if opens else "")
    after = {"plain": ["\n", "", ""], "phi-2": ["\n", "", ""], "chatml": ["<|im_end|>"] * 3, "zephyr": [end] * 3}
    parts = [before[kind][roles.index(role)] + text + after[kind][roles.index(role)] for role, text in messages]
    return "\n".join(parts + [before[kind][3] if opens else ""])


def conversations():
    texts = ["Be short.", "One & two?", "1, 2", "three\nlines\nhere", "na\u00efve", "x"]
    for count in (1, 3, 5):
        for system in (False, True):
            roles = ["system"] * system + ["user", "assistant"] * 3
            yield [(role, texts[i]) for i, role in enumerate(roles[:count + system])]


def render(tokenizer, messages, given={}):
    return tokenizer.apply_chat_template([{"role": role, "content": text} for role, text in messages],
                                         tokenize=False, add_generation_prompt=True, **given)


def agrees(case, tokenizer, kind):
    opens, bos = "add_generation_prompt" in case.template, case.bos_token or ""
    for messages in conversations():
        try:
            got = render(tokenizer, messages, case.given)
        except TemplateError:
            if messages[0][0] == "system":      # refused: there is nothing to compare
                continue
            return False
        own = [("system", case.own)] if case.own is not None and messages[0][0] != "system" else []
        said = own + messages
        if case.preface and not own:
            said = [("system", case.own + messages[0][1])] + messages[1:]
        want = written(kind, said, bos, case.eos_token, opens)
        if case.bos and kind != "llama-2":
            want = bos + want
        if got != want:
            return False
    return True


def check_date(case):
    """Its own system message cannot be known: at any day it is another one."""
    return Case(case.template.replace("strftime_now('%d %B')", "'X'"), case.want, case.bos, "Today is X.")


def main():
    shutil.rmtree(DATA, ignore_errors=True)
    os.makedirs(DATA)
    lines = []
    for name, case in CASES.items():
        compared = check_date(case) if case.own == "?" else case
        tokenizer = tokenizer_of(compared)
        kinds = [kind for kind in KINDS if agrees(compared, tokenizer, kind)]
        assert kinds == ([] if case.want == "plain" and name != "lines" else [case.want]) or case.unread, (name, kinds)
        try:
            first = render(tokenizer, [("user", "x")], case.given)
        except TemplateError:
            first = ""
        assert bool(case.bos_token and first.startswith(case.bos_token)) == bool(case.bos), (name, first)
        if case.own not in (None, "?"):
            given = "" if case.preface else case.own
            assert first == render(tokenizer, [("system", given), ("user", "x")], case.given), (name, first)
        with open(os.path.join(DATA, name + ".jinja"), "w", newline="") as file:
            file.write(case.template)
        lines.append("\t".join([name, case.bos_token or "-", case.eos_token, case.want, str(case.bos), shown(case.own)]))
    with open(os.path.join(HERE, "golden", "templates.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


main()
