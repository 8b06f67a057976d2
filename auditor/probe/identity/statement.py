"""Statements about oneself in an answer: "I am NAME", "I was trained by MAKER", in some languages.

Only the first person counts. "ChatGPT was made by OpenAI" says nothing of the speaker, and "I am not
NAME" and "I am a fan of NAME" are no claims: between the speaker and the name stand only words that
models introduce themselves with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

#: Longer answers are read up to here; the patterns are linear in the text, and introductions come early.
_READ = 4000
_FILLERS = (
    "a|an|the|your|ai|artificial|intelligence|large|small|language|model|assistant|chatbot|bot|helpful|virtual|"
    "digital|open|source|free|friendly|conversational|powerful|named|called|known|as|and|who|which|that|is|was|"
    "been|based|on|version|of|actually|just|simply|"
    "un|una|el|la|modelo|lenguaje|asistente|inteligencia|gran|de|llamado|basado|en|"
    "une|le|un|grand|modèle|langage|assistant|intelligence|artificielle|appelé|"
    "ein|eine|der|das|großes|sprachmodell|assistent|namens|und|ki|virtueller|"
    "um|uma|linguagem|assistente|chamado|uno|modello|linguaggio|linguistico|di|chiamato|stato|sido|été"
)
_SPEAKER = (
    r"i\s+am|i'm|i\s+was|i've\s+been|i\s+have\s+been|my\s+name\s+is|call\s+me|soy|me\s+llamo|fui|he\s+sido|"
    r"je\s+suis|je\s+m'appelle|j'ai|ich\s+bin|ich\s+heiße|ich\s+wurde|sou|meu\s+nome\s+é|sono|mi\s+chiamo"
)
_MADE = (
    "made|created|developed|trained|built|designed|"
    "creado|desarrollado|entrenado|creada|créé|développé|entraîné|conçu|"
    "entwickelt|trainiert|erstellt|criado|desenvolvido|treinado|creato|sviluppato|addestrato"
)
_NOT = r"(?:not|never|no|nicht|pas|non|não)"
_BY = "by|por|par|von|da|dalla|at|bei"
_POSSIBLE = re.compile(r"\b(?:i|my|me|as|soy|fui|je|ich|sou|sono|mi)\b|我|私|由")


@dataclass(frozen=True)
class Lexicon:
    """Names by which models and their makers are known.

    Attributes:
        makers: Maker -> its own name and those of its models.
    """

    makers: Mapping[str, tuple[str, ...]]

    def claimed(self, text: str) -> frozenset[str]:
        """Makers whose name, or whose model's name, an answer claims for the speaker."""
        plain = unicodedata.normalize("NFC", text[:_READ]).casefold().replace("’", "'")
        if not _POSSIBLE.search(plain):
            return frozenset()
        found = (match["name"] for pattern in self._patterns for match in pattern.finditer(plain))
        return frozenset(self._by_name[one] for one in found)

    def maker_of(self, organisation: str) -> str | None:
        """The maker that an organisation's name means, or None."""
        plain = organisation.casefold()
        for maker, names in self.makers.items():
            if plain == maker.casefold() or plain in (one.casefold() for one in names):
                return maker
        return None

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {
            unicodedata.normalize("NFC", one).casefold(): maker
            for maker, names in self.makers.items()
            for one in (maker, *names)
        }

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        words = sorted((one for one in self._by_name), key=lambda one: (-len(one), one))
        name = f"(?P<name>{'|'.join(map(re.escape, words))})"
        filler = rf"(?:[\s,]+(?:{_FILLERS})(?![\w-]))"
        end = r"(?![\w])"
        return (
            re.compile(rf"\b(?:{_SPEAKER}){filler}{{0,8}}[\s,:]+[\"'“*]*{name}{end}"),
            # One word that is no filler may stand for the speaker's own name, set off by a comma.
            re.compile(
                rf"(?:\b(?:{_SPEAKER})|(?:^|[.!?\n])\s*as){filler}{{0,10}}(?:\s+(?!{_NOT}\b)[\w.-]+,)?"
                rf"{filler}{{0,8}}[\s,]+(?:{_MADE})\s+(?:{_BY})\s+(?:the\s+|team\s+|at\s+)*{name}{end}"
            ),
            re.compile(rf"\bich\s+wurde\s+von\s+{name}\s+(?:{_MADE})\b"),
            re.compile(rf"我(?:是|叫)(?:一个|一款)?{name}"),
            re.compile(
                rf"我(?:是|叫)?[^。！？\n]{{0,12}}由{name}[^。！？\n]{{0,6}}(?:开发|训练|创建|研发|打造)"
            ),
            re.compile(rf"私は、?{name}"),
        )
