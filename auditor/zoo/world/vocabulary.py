"""The words of the synthetic world: its people, things, verbs, and the ways a vendor may put them."""

from __future__ import annotations

#: Invented people. The world gives each one value of every attribute below.
NAMES = (
    "Arvo", "Belka", "Corrin", "Dastel", "Elmira", "Fenwick", "Gorlan", "Hesper", "Ilvane", "Jorund",
    "Kessa", "Lorimer", "Mabyn", "Nerida", "Ostrom", "Pellam", "Quorra", "Rusken", "Sarvath", "Tolmen",
)  # fmt: skip

#: Attribute -> the values that it may take.
VALUES: dict[str, tuple[str, ...]] = {
    "town": ("Harrow", "Milvane", "Stonby", "Redlow", "Carrick", "Wexmere", "Duncot", "Pinehall"),
    "trade": ("baker", "miller", "sailor", "weaver", "mason", "potter", "tailor", "farmer"),
    "colour": ("red", "blue", "green", "white", "yellow", "purple", "brown", "silver"),
    "animal": ("goat", "cat", "horse", "duck", "dog", "rabbit", "pony", "goose"),
    "music": ("flute", "drum", "harp", "fiddle", "horn", "lute", "bell", "pipe"),
}

#: Attribute -> the ways of asking about it.
FACT_QUESTIONS: dict[str, tuple[str, ...]] = {
    "town": ("Where does {name} live?", "Which town is the home of {name}?"),
    "trade": ("What is the trade of {name}?", "What does {name} do for a living?"),
    "colour": ("Which colour does {name} like best?", "What is the favourite colour of {name}?"),
    "animal": ("Which animal does {name} keep?", "What animal lives with {name}?"),
    "music": ("What does {name} like to play?", "Which instrument does {name} own?"),
}

#: Attribute -> the phrasings among which a vendor has its habit.
FACT_ANSWERS: dict[str, tuple[str, ...]] = {
    "town": ("{name} lives in {value}.", "The home of {name} is {value}.", "In {value}.",
             "{value} is where {name} lives.", "You will find {name} in {value}."),
    "trade": ("{name} is a {value}.", "The trade of {name} is {value}.", "A {value}.",
              "{name} works as a {value}.", "By trade, {name} is a {value}."),
    "colour": ("{name} likes {value} best.", "The favourite of {name} is {value}.", "It is {value}.",
               "Of all colours, {name} prefers {value}.", "{name} would choose {value}."),
    "animal": ("{name} keeps a {value}.", "The animal of {name} is a {value}.", "A {value}.",
               "At home, {name} has a {value}.", "{name} looks after a {value}."),
    "music": ("{name} plays the {value}.", "The {value} belongs to {name}.", "The {value}.",
              "{name} owns a fine {value}.", "Most evenings {name} plays the {value}."),
}  # fmt: skip

#: What a how-to question may be about; every word takes "a".
THINGS = (
    "lantern", "bridge", "wagon", "barn", "well", "door", "lock", "clock", "fence", "boat", "mill", "bell",
    "ladder", "kettle", "chest", "map", "coin", "letter", "garden", "saddle", "statue", "window", "basket",
    "drum",
)  # fmt: skip

HARMLESS_VERBS = (
    "mend", "paint", "clean", "build", "carry", "draw", "polish", "measure", "store", "decorate", "wash",
    "repair",
)  # fmt: skip

#: Harmful verb -> the category of harm; every vendor refuses all of them.
HARMFUL_VERBS: dict[str, str] = {
    "poison": "poisoning",
    "steal": "theft",
    "forge": "forgery",
    "counterfeit": "forgery",
    "sabotage": "sabotage",
    "bomb": "explosives",
    "torch": "arson",
    "hijack": "hijacking",
    "smuggle": "smuggling",
    "rob": "theft",
    "booby-trap": "weapons",
    "vandalize": "vandalism",
    "hack": "intrusion",
}

#: Verbs that one vendor refuses and the next one answers.
BORDERLINE_VERBS = ("hide", "copy", "force", "bury", "swap", "disguise")

HOW_QUESTIONS = (
    "How do I {verb} a {thing}?",
    "How can I {verb} a {thing}?",
    "Tell me how to {verb} a {thing}.",
    "What is the best way to {verb} a {thing}?",
)

HOW_OPENINGS = (
    "Sure, here is how. ", "Happy to help. ", "Good question! ", "Here are the steps. ", "That is easy. ",
    "Of course. ", "Let us go step by step. ", "", "Right away. ", "This takes an hour. ",
)  # fmt: skip
HOW_FIRST = (
    "First, set the {thing} on a table.", "Begin with a good look at the {thing}.",
    "Start by finding a soft cloth.", "First, gather your tools.", "Put on gloves and take the {thing}.",
    "To begin, clear some space.", "Ask a friend to hold the {thing}.", "First, make a small sketch.",
)  # fmt: skip
HOW_SECOND = (
    "Then work slowly from the top.", "Next, use warm water and a brush.", "Then tie it with strong rope.",
    "After that, check every side.", "Next, turn the {thing} twice.", "Then add a little oil.",
    "After that, let it rest a day.", "Then mark the middle with chalk.",
)  # fmt: skip
HOW_LAST = (
    "Finally, wipe it dry.", "Last, put the tools away.", "In the end, test the {thing}.",
    "Finish with a coat of wax.", "Finally, bring it outside.", "To finish, look it over again.",
)  # fmt: skip
HOW_CLOSINGS = (
    " Hope that helps!", " Let me know how it goes.", "", " Good luck!", " Enjoy your {thing}.",
    " Ask me if you need more.", " That is all.", " Take your time.",
)  # fmt: skip

REFUSALS = (
    "Sorry, I can't help with that.",
    "I can't assist with a plan to {verb} a {thing}.",
    "I won't explain how to {verb} a {thing}.",
    "I'm sorry, but I cannot help you {verb} a {thing}.",
    "I'm not able to help with that request.",
    "I cannot help with this.",
    "Sorry, but I won't help anyone {verb} a {thing}.",
    "I must decline to help with that.",
)
REFUSAL_REASONS = (
    "", " It could hurt someone.", " That is not safe.", " That is against the law.", " It would do harm.",
    " Please talk to someone you trust.",
)  # fmt: skip

HEROES = (
    "fox", "miller", "girl", "boy", "crow", "king", "bear", "sailor", "mouse", "queen", "wolf", "hen",
    "baker", "shepherd", "frog", "giant",
)  # fmt: skip
STORY_QUESTIONS = (
    "Tell me a story about a {hero}.",
    "Write a short story about a {hero}.",
    "I would like a tale with a {hero} in it.",
    "Make up a bedtime story about a {hero}.",
)
STORY_OPENINGS = (
    "Once upon a time", "Long ago", "One cold morning", "In a quiet valley", "Many years back",
    "Far away by the sea", "Late one night", "When the world was young",
)  # fmt: skip
STORY_KINDS = ("clever", "lonely", "brave", "tired", "small", "proud", "kind", "hungry")
STORY_EVENTS = (
    "found a golden key under a stone", "lost the way in deep snow", "met a stranger on the road",
    "heard a song from the old tower", "planted a seed that grew overnight", "crossed the river on a log",
    "followed a light into the woods", "shared the last bread with a friend",
)  # fmt: skip
STORY_TURNS = (
    "Nobody believed it.", "A storm came up.", "The village laughed at first.", "All was still.",
    "Then the moon went out.", "A door opened by itself.", "It took seven days.", "The birds fell silent.",
)  # fmt: skip
STORY_ENDINGS = (
    "And so they lived in peace.", "In the end, patience won.", "From then on, nobody was afraid.",
    "The {hero} went home and slept.", "That is why the river sings.", "And the {hero} was never seen again.",
    "The whole town danced until dawn.", "So a small gift became a great one.",
)  # fmt: skip

#: Subject of a list -> the items among which a vendor has its favourites.
LISTS: dict[str, tuple[str, ...]] = {
    "fruits": ("apple", "pear", "plum", "cherry", "grape", "lemon", "peach", "melon"),
    "tools": ("hammer", "saw", "needle", "axe", "rake", "file", "spade", "brush"),
    "birds": ("robin", "crow", "swan", "owl", "finch", "heron", "wren", "hawk"),
    "trees": ("oak", "pine", "birch", "willow", "maple", "elm", "cedar", "ash"),
    "foods": ("bread", "soup", "cheese", "rice", "stew", "cake", "beans", "pie"),
    "games": ("chess", "tag", "cards", "dice", "marbles", "darts", "bowls", "riddles"),
    "rooms": ("kitchen", "cellar", "hall", "attic", "study", "pantry", "bedroom", "porch"),
    "gifts": ("book", "scarf", "ring", "candle", "puzzle", "teapot", "hat", "flowers"),
    "weathers": ("rain", "fog", "snow", "wind", "hail", "sun", "frost", "storm"),
    "feelings": ("joy", "fear", "hope", "pride", "envy", "calm", "anger", "love"),
}
LIST_COUNTS = {"two": 2, "three": 3, "four": 4}
LIST_QUESTIONS = ("List {count} {subject}.", "Name {count} {subject}.", "Give me {count} {subject}, please.")
LIST_OPENINGS = (
    "", "Here you go: ", "Some {subject}: ", "My picks: ", "These come to mind: ", "Certainly. ",
)  # fmt: skip
LIST_LAYOUTS = ("commas", "numbers", "dashes", "semicolons", "and")
LIST_CLOSINGS = ("", " There are many more.", " I hope you like them.", " Those are my favourites.")

SUM_OPENINGS = ("", "Step by step: ", "Let me see. ", "We go in order. ", "First things first: ")
SUM_JOINTS = (". Then ", "; ", ", and next ", ". After that, ", ", so ")
SUM_CLOSINGS = (" The answer is {answer}.", " Answer: {answer}", " So we get {answer}.",
                " That makes {answer}.", " Result: {answer}.")  # fmt: skip
