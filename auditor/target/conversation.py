"""From prompts to tokens: chat templates, the plain layout, and where a continuation begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditor.digest import well_formed
from auditor.record.request import Message, Prompt

#: Name of the layout of conversations for models without a chat template; part of their digest.
#: The texts of all turns, each followed by an empty line, without any mark of who speaks.
PLAIN_LAYOUT = "texts-and-empty-lines"
#: Tokens that end a turn in common chat formats, where they are special tokens of the tokenizer.
_ENDS_OF_TURN = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|end_of_turn|>", "<|eom_id|>")


class LayoutError(ValueError):
    """The model's chat template refuses a conversation, or there is no token to begin with."""


@dataclass(frozen=True)
class Laid:
    """A prompt as text: whether it is a conversation decides how the text is tokenized."""

    text: str
    is_conversation: bool


class Conversations:
    """A tokenizer with the layout of its model's conversations."""

    def __init__(self, tokenizer: Any, *, system_prompt: str | None, end_tokens: Sequence[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.system_prompt = system_prompt
        self._begin = self._beginning()
        self.end_tokens = frozenset(end_tokens) | self._ends_of_turn()

    def lay_out(self, prompt: Prompt) -> Laid:
        """The text that the model reads; an assistant's turn at the end is left open, to be gone on with.

        Raises:
            LayoutError: If the chat template refuses the conversation.
        """
        if isinstance(prompt, str):
            return Laid(well_formed(prompt), False)
        if prompt and prompt[-1].role == "assistant":
            # The same text that a given continuation is scored in.
            return Laid(self.lay_out(prompt[:-1]).text + well_formed(prompt[-1].text), True)
        turns = [{"role": one.role, "content": well_formed(one.text)} for one in self._with_system(prompt)]
        if not self.tokenizer.chat_template:
            return Laid("".join(f"{turn['content']}\n\n" for turn in turns), True)
        return Laid(self._render(turns), True)

    def encode(self, texts: Sequence[Laid]) -> list[list[int]]:
        """Token ids of prompts, with the tokens that the tokenizer begins a text with.

        Raises:
            LayoutError: If a text is empty and the tokenizer has no token to begin with.
        """
        if not texts:
            return []
        bare = self.tokenizer([one.text for one in texts], add_special_tokens=False)["input_ids"]
        rows = [[*self._prefix_for(one), *ids] for one, ids in zip(texts, bare, strict=True)]
        return [row or [self._first_token()] for row in rows]

    def split(self, laid: Laid, continuations: Sequence[str]) -> list[tuple[list[int], list[int]]]:
        """Tokens of the prompt and of each continuation, cut where the prompt's own tokens end.

        For raw text, as the LM evaluation harness has it: white space at the prompt's end belongs to the
        continuation, and prompt and whole are tokenized apart. A conversation keeps the end that its
        template gives it, as long as the tokens of the whole begin with those of the prompt.

        Raises:
            LayoutError: If the prompt is empty and the tokenizer has no token to begin with.

        Source: Gao et al. 2024, LM evaluation harness, ``TemplateLM._encode_pair``.
        """
        texts = [well_formed(one) for one in continuations]
        if laid.is_conversation:
            context, *wholes = self.encode([laid, *(Laid(laid.text + one, True) for one in texts)])
            if all(whole[: len(context)] == context for whole in wholes):
                return [(context, whole[len(context) :]) for whole in wholes]
        stem = laid.text.rstrip()
        texts = [laid.text[len(stem) :] + one for one in texts]
        prompt = Laid(stem, laid.is_conversation)
        if not stem:
            return [self._from_nothing(one) for one in texts]
        context, *wholes = self.encode([prompt, *(Laid(stem + one, laid.is_conversation) for one in texts)])
        return [self._cut(context, whole, one) for whole, one in zip(wholes, texts, strict=True)]

    def token_ends(self, laid: Laid, continuation: str, count: int) -> list[int]:
        """Where the last ``count`` tokens of prompt and continuation end, in characters of the latter.

        Raises:
            LayoutError: If the tokenizer does not tell where its tokens lie.
        """
        if not self.tokenizer.is_fast:
            raise LayoutError("the tokenizer does not tell where its tokens lie in the text")
        text = laid.text + continuation
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        return [int(end) - len(laid.text) for _, end in found[len(found) - count :]]

    def _cut(self, context: list[int], whole: list[int], text: str) -> tuple[list[int], list[int]]:
        rest = whole[len(context) :]
        if rest or not text:
            return context, rest
        # The continuation melted into the prompt's last token: score from where the two part.
        shared = next(
            (at for at, (a, b) in enumerate(zip(context, whole, strict=False)) if a != b), len(whole)
        )
        shared = max(1, min(shared, len(whole) - 1))
        return whole[:shared], whole[shared:]

    def _from_nothing(self, text: str) -> tuple[list[int], list[int]]:
        first = self._first_token()
        ids = list(self.tokenizer([text], add_special_tokens=False)["input_ids"][0]) if text else []
        return [first], (ids[1:] if ids[:1] == [first] else ids)

    def _with_system(self, prompt: tuple[Message, ...]) -> tuple[Message, ...]:
        if self.system_prompt is None:
            return prompt
        if prompt and prompt[0].role == "system":
            text = f"{self.system_prompt}\n\n{prompt[0].text}"
            return (Message(role="system", text=text), *prompt[1:])
        return (Message(role="system", text=self.system_prompt), *prompt)

    def _render(self, turns: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            return self._apply(turns)
        except TemplateError as error:
            if len(turns) < 2 or turns[0]["role"] != "system":
                raise LayoutError(f"the chat template refuses the conversation: {error}") from error
        # Some templates know no system turn; its text then opens the first turn, as their makers advise.
        first = {"role": turns[1]["role"], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        try:
            return self._apply([first, *turns[2:]])
        except TemplateError as error:
            raise LayoutError(f"the chat template refuses the conversation: {error}") from error

    def _apply(self, turns: list[dict[str, str]]) -> str:
        return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def _prefix_for(self, laid: Laid) -> list[int]:
        # A template writes its own beginning; so may the author of a raw prompt.
        mark = self.tokenizer.bos_token
        if self.tokenizer.chat_template and laid.is_conversation:
            return []
        return [] if mark and laid.text.startswith(mark) else self._begin

    def _beginning(self) -> list[int]:
        """Tokens that the tokenizer puts before every text; those it puts after are left out."""
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        full = self.tokenizer("a")["input_ids"]
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return list(full[:start])
        return []

    def _first_token(self) -> int:
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        raise LayoutError("the prompt is empty, and the tokenizer has no token to begin with")

    def _ends_of_turn(self) -> frozenset[int]:
        added = self.tokenizer.get_added_vocab()
        ends = {int(added[token]) for token in _ENDS_OF_TURN if token in added}
        if self.tokenizer.eos_token_id is not None:
            ends.add(int(self.tokenizer.eos_token_id))
        return frozenset(ends)
