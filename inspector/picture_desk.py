"""Pictures: taken in from files, the clipboard and other programs, looked at, and explored by their gammas."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from engine.protocol.failures import ImageError
from engine.protocol.messages import ExportGrid
from engine.protocol.picture_files import image_of
from engine.protocol.placing import picture_limit
from engine.protocol.rule_names import Attention, Gamma, gamma_of
from engine.protocol.values import ModelSource, Relevance
from inspector.commands.actions import Actions
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.browsing import browse_image, browse_new_file
from inspector.dialogs.explore import ExploreDialog, GridFigure
from inspector.drops import DroppedImage, DroppedPixels, Refused, pasted_image
from inspector.picture_part import NO_ORIGINAL, PicturePart
from inspector.pictures import read_picture
from inspector.settings import Profile
from inspector.state.picture import is_on_original
from inspector.state.question import Question
from inspector.state.scene import Scene
from inspector.state.trouble import Remedy, Trouble
from inspector.views.image_input import ImageExample, ImageInput


class PictureDesk(QObject):
    """Explains every picture it gets, or says why it is none."""

    troubled = Signal(object)  # Trouble

    def __init__(self, window: QWidget, inquiry: Inquiry, profile: Profile) -> None:
        super().__init__(window)
        self._window, self._inquiry, self._profile = window, inquiry, profile
        self._explore: ExploreDialog | None = None

    def follow(self, image: ImageInput, part: PicturePart) -> None:
        """Do what is asked for where pictures are given and looked at."""
        image.open_requested.connect(self.browse)
        image.example_chosen.connect(self.open_example)
        image.image_pasted.connect(self.take_bytes)
        part.opacity_chosen.connect(self._on_opacity_chosen)
        part.clip_chosen.connect(self._on_clip_chosen)
        part.patches_chosen.connect(self._on_patches_chosen)
        part.original_chosen.connect(self._on_original_chosen)

    def show_scene(self, scene: Scene, commands: Actions) -> None:
        """Say which commands there is a picture for, and which are on."""
        picture = scene.picture
        why_not = "Only answers about pictures are put beside each other" if scene.strip else "There is no answer yet"
        commands.enable("view.pin", picture is not None, why_not)
        commands["view.pin"].setChecked(picture is not None and picture.pinned is not None)
        is_known = picture is not None and picture.seen.whole is not None
        commands.enable("view.original", is_known, NO_ORIGINAL if picture else "There is no picture yet")
        commands["view.original"].setChecked(picture is not None and picture.original)

    def browse(self) -> None:
        browse_image(self._window, self._profile.settings.image_folder, self.open)

    def open(self, path: str) -> None:
        """Explain the picture in a file."""
        if self._use(path):
            self._profile.keep(structs.replace(self._profile.settings, image_folder=str(Path(path).parent)))

    def open_example(self, example: ImageExample) -> None:
        """Explain an example, by the model that goes with it."""
        model = self._inquiry.holding.opening or self._inquiry.study.question.source
        if example.model and model.name != example.model:
            self._inquiry.open_model(ModelSource(example.model))
        self._use(example.path)

    def take_bytes(self, data: bytes, name: str) -> None:
        """Explain the picture in the bytes of a file."""
        try:
            self._inquiry.use_image(image_of(data, name))
        except ImageError as error:
            self._refuse(str(error))

    def take(self, what: DroppedImage | DroppedPixels | Refused) -> None:
        """Explain a picture that was dropped or pasted."""
        match what:
            case DroppedImage(path):
                self.open(str(path))
            case DroppedPixels(data):
                self.take_bytes(data, "pasted picture")
            case Refused(message):
                self._refuse(message)

    def paste(self) -> None:
        self.take(pasted_image(QApplication.clipboard().mimeData()))

    def explore(self) -> None:
        """Open the grid of gammas about the picture that is asked about."""
        question = self._inquiry.study.question
        if question.image is None:
            self._refuse("There is no picture yet to explore gammas on.")
            return
        gamma = gamma_of(question.rules) or Gamma()
        exploring, view = self._inquiry.exploring, self._inquiry.study.view
        if self._explore is not None:
            self._explore.close()
        dialog = self._explore = ExploreDialog(self._limit_of, view.colour_map, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._on_explore_finished)
        dialog.started.connect(partial(self._on_exploration_started, question, gamma.attention))
        dialog.stopped.connect(exploring.stop)
        dialog.cell_chosen.connect(partial(self._on_cell_chosen, gamma.attention))
        dialog.export_requested.connect(partial(self._on_grid_export_requested, dialog))
        exploring.answered.connect(dialog.show_cell)
        exploring.rated.connect(dialog.show_rating)
        exploring.advanced.connect(dialog.show_progress)
        exploring.ended.connect(dialog.show_end)
        dialog.show()
        relevance = self._inquiry.study.scene.relevance
        target = f" · {relevance.target.label}" if relevance is not None and self._inquiry.study.is_answered else ""
        dialog.begin(f"{question.image.name}{target}")

    def _on_explore_finished(self) -> None:
        self._explore = None

    def _on_opacity_chosen(self, opacity: float) -> None:
        self._inquiry.study.look(replace(self._inquiry.study.view, opacity=opacity))

    def _on_clip_chosen(self, clip: float) -> None:
        self._inquiry.study.look(replace(self._inquiry.study.view, clip=clip))

    def _on_patches_chosen(self, patches: bool) -> None:
        self._inquiry.study.look(replace(self._inquiry.study.view, patches=patches))

    def _on_original_chosen(self, original: bool) -> None:
        self._inquiry.study.look(replace(self._inquiry.study.view, original=original))

    def _limit_of(self, relevance: Relevance) -> float:
        return picture_limit([relevance], None, "layer", self._inquiry.study.view.clip)

    def _on_exploration_started(
        self, question: Question, attention: Attention, conv: tuple[float, ...], linear: tuple[float, ...]
    ) -> None:
        self._inquiry.exploring.explore(question, conv, linear, attention)

    def _on_cell_chosen(self, attention: Attention, conv: float, linear: float) -> None:
        self._inquiry.choose_rules(Gamma(conv, linear, attention).name)

    def _on_grid_export_requested(self, dialog: QWidget, figure: GridFigure) -> None:
        folder = Path(self._profile.settings.export_folder or Path.home())
        filters = "Picture (*.png);;PDF (*.pdf)"
        browse_new_file(dialog, str(folder / "grid.png"), filters, partial(self.export_grid, figure))

    def export_grid(self, figure: GridFigure, path: str) -> None:
        """Save the grid: as PDF where the path ends so, else as PNG."""
        view, target = self._inquiry.study.view, Path(path)
        if target.suffix.lower() not in (".png", ".pdf"):
            target = target.with_name(f"{target.name}.png")
        self._profile.keep(structs.replace(self._profile.settings, export_folder=str(target.parent)))
        request = ExportGrid(
            figure.cells,
            figure.rows,
            figure.columns,
            figure.titles,
            "pdf" if target.suffix.lower() == ".pdf" else "png",
            "overlay" if view.mode == "overlay" else "heatmap",
            figure.shared,
            view.colour_map,
            view.opacity,
            view.clip,
            figure.zoom,
            figure.transparent,
            original=is_on_original(figure.cells[0], view),
        )
        self._inquiry.export(request, target)

    def _use(self, path: str) -> bool:
        """Explain the picture in a file, or say why there is none."""
        try:
            image = read_picture(Path(path))
        except ImageError as error:
            self._refuse(str(error))
            return False
        self._inquiry.use_image(image)
        return True

    def _refuse(self, message: str) -> None:
        self.troubled.emit(Trouble(message, Remedy.OPEN_IMAGE))
