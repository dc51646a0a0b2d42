"""The commands: one table for menus, shortcuts, help and palette."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """Something to do: `id` is for programs, the rest is for people. Several shortcuts are separated by commas."""

    id: str
    text: str
    shortcut: str = ""
    help: str = ""
    choice: str = ""  # commands of one choice exclude each other, and one of them is marked
    switch: bool = False  # on or off
    submenu: str = ""  # in which it lies, of those of its group
    on_tokens: bool = False  # the keys are letters, which mean this only while the tokens have the focus

    @property
    def name(self) -> str:
        """The text without the dots that only say that a dialog follows."""
        return self.text.removesuffix("…")

    @property
    def shortcuts(self) -> tuple[str, ...]:
        return tuple(self.shortcut.split(", ")) if self.shortcut else ()


@dataclass(frozen=True)
class Menu:
    """A menu of the window: groups of commands with a line between them."""

    title: str
    groups: tuple[tuple[Command, ...], ...]


FILE = Menu(
    "&File",
    (
        (
            Command("file.open_prompt", "Open prompt…", "Ctrl+Shift+O", "Read the prompt from a text file"),
            Command("file.open_image", "Open image…", "Ctrl+Shift+I", "Explain a picture with a model that takes them"),
            Command("file.export", "Export…", "Ctrl+E", "Save what is on show as a figure or as data"),
        ),
        (Command("file.quit", "Quit", "Ctrl+Q", "Close the window and end the worker"),),
    ),
)
EDIT = Menu(
    "&Edit",
    (
        (
            Command("edit.undo", "Undo", "Ctrl+Z", "Return to the question before"),
            Command("edit.redo", "Redo", "Ctrl+Shift+Z, Ctrl+Y", "Go on to the question after"),
        ),
        (
            Command("edit.paste_image", "Paste image", "Ctrl+Shift+V", "Explain the picture on the clipboard"),
            Command("edit.copy_image", "Copy tokens as image", "", "Copy the coloured tokens as a picture"),
            Command("edit.copy_table", "Copy tokens as table", "Ctrl+Shift+C", "Copy tokens and relevance as TSV"),
            Command("edit.find", "Find in tokens…", "Ctrl+F", "Find a text among the tokens"),
        ),
        (Command("edit.input", "Edit input", "F2", "Unfold the prompt or picture to change it, or fold it again"),),
        (Command("edit.preferences", "Preferences…", "Ctrl+,", "Theme, colours, device and worker"),),
    ),
)
MODEL = Menu(
    "&Model",
    (
        (
            Command("model.choose", "Choose a model…", "Ctrl+O", "Bundled, on this machine, or from the hub"),
            Command("model.open_folder", "Open model folder…", "", "Open a model saved in a folder"),
            Command("model.open_gguf", "Open GGUF file…", "", "Open a model in one GGUF file"),
        ),
        (Command("model.unload", "Unload", "", "Let go of the model and its memory"),),
    ),
)
RUN = Menu(
    "&Run",
    (
        (
            Command("run.explain", "Explain", "Ctrl+Return, Ctrl+Enter", "Explain the target with the prompt as it is"),
            Command("run.generate", "Generate", "Ctrl+G", "Let the model go on from the prompt"),
            Command("run.stop", "Stop", "Esc", "Stop at the next block"),
        ),
        (
            Command("rules.attnlrp", "AttnLRP", "Alt+1", "Rules for attention, products and norms", "rules"),
            Command("rules.cp-lrp", "CP-LRP", "Alt+2", "Attention patterns are constants", "rules"),
            Command("rules.input-x-gradient", "Input × gradient", "Alt+3", "No rules: the plain gradient", "rules"),
            Command("rules.gradient", "Gradient", "Alt+4", "The gradient itself, not times the input", "rules"),
            Command("rules.gamma", "Gamma", "Alt+5", "Convolutions and linear maps favour what speaks for", "rules"),
        ),
        (Command("run.explore", "Explore gammas…", "Ctrl+Shift+G", "Compare many gammas on a picture"),),
    ),
)
VIEW = Menu(
    "&View",
    (
        (
            Command("layer.up", "Next layer", "Ctrl+Up", "One layer towards the output"),
            Command("layer.down", "Previous layer", "Ctrl+Down", "One layer towards the input"),
            Command("layer.input", "Input", "Ctrl+Home", "Relevance of the word embeddings"),
            Command("layer.output", "Last layer", "Ctrl+End", "Relevance of what leaves the last block"),
            Command("view.back", "Back to the layer", "Backspace", "From a head or a neuron; Esc too, at rest"),
        ),
        (
            Command("token.next", "Next strongest token", "N", "One rank down, on the tokens", on_tokens=True),
            Command(
                "token.previous", "Previous strongest token", "Shift+N", "One rank up, on the tokens", on_tokens=True
            ),
        ),
        (
            Command(
                "unit.next",
                "Next unit",
                "W",
                "To words, lines, sentences, on the tokens",
                on_tokens=True,
            ),
            Command("unit.token", "Tokens", "", "Relevance of each token", "unit", submenu="Unit"),
            Command("unit.word", "Words", "", "Relevance summed over the tokens of a word", "unit", submenu="Unit"),
            Command("unit.line", "Lines", "", "Relevance summed over the tokens of a line", "unit", submenu="Unit"),
            Command("unit.sentence", "Sentences", "", "Relevance summed over a sentence", "unit", submenu="Unit"),
        ),
        (
            Command("scale.layer", "Scale: each layer", "", "Colours span each layer by itself", "scale"),
            Command("scale.global", "Scale: all layers", "", "Colours mean the same in all layers", "scale"),
            Command("scale.target", "Scale: share of target", "", "Colours span the target's value", "scale"),
            Command("scale.without", "Scale without first and asked", "", "Colours end with the others", switch=True),
            Command("contrast.more", "More contrast", "]", "Colours lift what is weak"),
            Command("contrast.less", "Less contrast", "[", "Colours are linear at the least"),
            Command("view.signs", "Underline what speaks against", "", "Dots where relevance is negative", switch=True),
            Command(
                "view.values",
                "Values under tokens",
                "U",
                "Write relevance under each token, on the tokens",
                switch=True,
                on_tokens=True,
            ),
        ),
        (
            Command("mode.picture", "Picture", "Ctrl+1", "The picture as the model sees it", "mode"),
            Command("mode.heatmap", "Heatmap", "Ctrl+2", "The relevance of a picture alone", "mode"),
            Command("mode.overlay", "Overlay", "Ctrl+3", "Relevance over the picture", "mode"),
            Command("mode.side by side", "Side by side", "Ctrl+4", "The picture and its relevance", "mode"),
        ),
        (
            Command(
                "view.original", "On the original picture", "Ctrl+5", "Relevance where the model saw it", switch=True
            ),
            Command("view.pin", "Pin beside", "Ctrl+B", "Keep this answer beside those that follow", switch=True),
            Command(
                "view.difference", "Difference to the pinned", "Ctrl+Shift+B", "What this answer has more", switch=True
            ),
        ),
        (
            Command("view.lens", "Lens", "", "What is likeliest after each layer, beside the layers", switch=True),
            Command("view.target", "Target", "Ctrl+T", "Predictions, and the strongest tokens", switch=True),
            Command("view.log", "Log", "Ctrl+L", "What the worker writes, and details of failures", switch=True),
            Command("view.reset_layout", "Reset layout", "", "Put all panes back where they were"),
        ),
        (
            Command(
                "view.palette",
                "All commands…",
                "Ctrl+Shift+P",
                "Find commands, layers, models, examples and preferences",
            ),
        ),
    ),
)
HELP = Menu(
    "&Help",
    (
        (
            Command("help.shortcuts", "Keys and mouse", "F1", "What keys and clicks do"),
            Command("help.about", "About", "", "Versions and licences"),
        ),
    ),
)

MENUS = (FILE, EDIT, MODEL, RUN, VIEW, HELP)
COMMANDS = tuple(command for menu in MENUS for group in menu.groups for command in group)
