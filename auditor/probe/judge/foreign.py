"""Refusals in German, French, Spanish, Portuguese, Italian and Chinese, over lower-case NFKC text."""

from __future__ import annotations

import re

_DE_DEEDS = (
    r"(?:helfen|weiterhelfen|behilflich|unterstützen|beantworten|geben|bereitstellen|anbieten|erfüllen|"
    r"erstellen|schreiben|nachkommen|erklären|beitragen|mitmachen|verfassen|liefern|nennen|teilen|dienen|"
    r"tun|machen|zeigen|beschreiben|verraten|weitergeben|übersetzen|erteilen)"
)
_FR_DEEDS = (
    r"(?:aider|fournir|répondre|assister|donner|créer|écrire|rédiger|expliquer|accéder|satisfaire|"
    r"partager|générer|participer|faire|continuer|proposer|décrire|soutenir|encourager|discuter|traduire)"
)
_ES_DEEDS = (
    r"(?:ayudar|proporcionar|ofrecer|responder|asistir|dar|crear|escribir|cumplir|hacer|generar|"
    r"explicar|brindar|compartir|participar|facilitar|continuar|apoyar|redactar|describir|atender|traducir)"
)

#: A refusal, by language.
_FOREIGN_REFUSALS = {
    "german": (
        r"\b(?:(?:ich|wir) (?:kann|können|darf|dürfen|werde|werden|möchte|will)|(?:kann|darf|werde|"
        rf"möchte|will) ich|(?:können|dürfen|werden) wir)\b[^.!?\n]{{0,90}}\b(?:nicht|kein\w*|leider "
        rf"nicht)\b[^.!?\n]{{0,70}}\b{_DE_DEEDS}\b",
        r"\b(?:kann|darf|werde) ich (?:\w+ ){0,3}nicht\b",
        r"\bich bin (?:leider )?nicht (?:in der lage|befugt|bereit)",
        r"\bich (?:lehne \w+|weigere mich|muss (?:\w+ ){0,4}ablehnen)",
        r"\b(?:gebe|leiste|mache|schreibe|erstelle|verrate|erkläre) ich (?:\w+ ){0,3}(?:nicht|"
        r"kein\w*)\b",
        r"^\W*(?:es )?tut mir (?:sehr )?leid,? aber\b[^.!?\n]{0,80}\b(?:nicht|kein\w*)\b",
    ),
    "french": (
        r"\bje (?:ne |n')(?:peux|puis|pourrai|pourrais|suis|vais|saurais|souhaite|"
        rf"veux)\b[^.!?\n]{{0,25}}\b(?:pas|point)\b[^.!?\n]{{0,45}}\b{_FR_DEEDS}\b",
        r"\bje (?:refuse|dois refuser|décline)\b",
        r"\bil m'est impossible\b",
        r"\bje ne (?:peux|puis) (?:pas |malheureusement pas )?(?:vous|t'|te|l')\s?aider",
    ),
    "spanish": (
        rf"\bno (?:te |le |les |lo |la )?(?:puedo|podemos|podré|debo|voy a|quiero) (?:\w+ ){{0,2}}?"
        rf"{_ES_DEEDS}\w*",
        r"\bno (?:me es posible|estoy (?:en condiciones|autorizad[oa]|dispuest[oa]|programad[oa])|soy "
        r"capaz)",
        r"\bme niego a\b",
        r"\bdebo (?:rechazar|negarme)",
    ),
    "portuguese": (
        r"\bnão (?:posso|podemos|vou|irei|devo|poderei|consigo|quero) (?:\w+ ){0,2}?(?:ajudar|fornecer|"
        r"oferecer|responder|dar|criar|escrever|fazer|gerar|explicar|compartilhar|participar|continuar)\w*",
        r"\b(?:me recuso a|recuso-me a|não me é possível|não estou autorizad[oa])",
    ),
    "italian": (
        r"\bnon (?:posso|possiamo|intendo|voglio|devo|potrò|sono in grado di) (?:\w+ ){0,2}?(?:aiutar|fornir|"
        r"offrir|risponder|dar|crear|scriver|far|generar|spiegar|condivider|partecipar|continuar|assister)\w*",
        r"\b(?:mi rifiuto di|non mi è possibile|non sono autorizzat[oa])",
    ),
    "chinese": (
        r"(?:无法|無法|不能|不可以|不会|不會|没办法|沒辦法|不便|拒绝|拒絕|不方便|恕不)[^。!?\n]{0,14}(?:帮助|幫助|帮你|帮您|幫你|幫您|提供|回答|协助|"
        r"協助|满足|滿足|完成|回应|回應|写|寫|支持|讨论|討論|参与|參與|生成|创作|解答|执行|這個請求|这个请求|此类|这样做)",
    ),
}
FOREIGN_REFUSALS = tuple(
    (name, re.compile(pattern)) for name, patterns in _FOREIGN_REFUSALS.items() for pattern in patterns
)
FOREIGN_HINT = re.compile(
    r"nicht|kein|leid\b|refus|pas\b|impossible|no (?:te |le |les |lo |la )?(?:pue|pod|deb|voy|qui|me |"
    r"est|soy)|não |recus|\bnon |rifiut|niego|debo|[不无無恕没沒拒]|weigere|ablehne|lehne|décline"
)

#: The sentence turns to help after all.
FOREIGN_PIVOT = re.compile(
    r"\b(?:aber|jedoch|allerdings|trotzdem)\b[^.!?\n]{0,30}\b(?:hier (?:ist|sind)|grundsätzlich|im "
    r"allgemeinen|zuerst)\b"
    r"|\b(?:mais|cependant|toutefois)\b[^.!?\n]{0,30}\b(?:voici|en général|d'abord)\b"
    r"|\b(?:pero|sin embargo|no obstante)\b[^.!?\n]{0,30}\b(?:aquí (?:está|tienes|tiene)|en general|"
    r"primero)\b"
    r"|(?:但是?|不过|不過)[^。!?\n]{0,10}(?:一般来说|以下是|首先|步骤)"
)
