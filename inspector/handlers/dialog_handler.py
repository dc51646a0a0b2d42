"""Opens the dialogs and carries what was decided to where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from engine.protocol.messages import Export, ExportGrid
from engine.protocol.values import CachedModel
from inspector.actions.commands import MENUS
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.about import About
from inspector.dialogs.export import OVERLAY, ExportDialog, Product, products_for
from inspector.dialogs.model_chooser import ModelChooser
from inspector.dialogs.palette import CommandPalette, Entry
from inspector.dialogs.preferences import Preferences
from inspector.dialogs.shortcuts import Shortcuts
from inspector.keeping.settings import Profile, Settings
from inspector.state.figures import figure_of, pair_of
from inspector.state.legends import SCALE_TITLES, layer_title
from inspector.state.scene import Scene


class DialogHandler(QObject):
    """One dialog of a kind at a time, opened without waiting."""

    worker_changed = Signal(str)  # another command for the worker

    def __init__(self, window: QWidget, inquiry: Inquiry, profile: Profile) -> None:
        super().__init__(window)
        self._window = window
        self._inquiry = inquiry
        self._profile = profile
        self._models: Sequence[CachedModel] = ()
        self._chooser: ModelChooser | None = None
        inquiry.listing.listed.connect(self._on_listed)

    def choose_model(self, devices: Sequence[str]) -> None:
        if self._chooser is None:
            self._chooser = ModelChooser(self._window)
            self._chooser.chosen.connect(self._inquiry.open_model)
        settings = self._profile.settings
        source = self._inquiry.loading.opening or self._inquiry.study.question.source
        self._chooser.show_devices(devices)
        self._chooser.show_models(self._models, settings.recent_models)
        self._chooser.show_source(source)
        self._chooser.open()
        self._inquiry.listing.refresh()

    def preferences(self, devices: Sequence[str], setting: str = "") -> None:
        """Open the preferences, with the keys going to one `setting` of them."""
        dialog = Preferences(self._window)
        dialog.show_settings(self._profile.settings, devices)
        dialog.changed.connect(self._on_preferences_changed)
        dialog.worker_changed.connect(self._on_worker_changed)
        _open(dialog)
        dialog.turn_to(setting)

    def shortcuts(self) -> None:
        _show(Shortcuts(MENUS, self._window))

    def about(self, worker_versions: Mapping[str, str]) -> None:
        _open(About(worker_versions, self._window))

    def palette(self, entries: Sequence[Entry]) -> None:
        dialog = CommandPalette(self._window)
        dialog.show_entries(entries)
        dialog.chosen.connect(self._on_entry_chosen)
        _open(dialog)

    def _on_entry_chosen(self, entry: Entry) -> None:
        entry.do()

    def export(self) -> None:
        """Ask what to save of the answer on show, and where."""
        scene = self._inquiry.study.scene
        part = scene.part
        if part is None:
            return
        self._inquiry.exporting.get_ready()
        drawings, is_pair = part.relevance.parts[0].drawings, len(part.sides) > 1
        dialog = ExportDialog(self._window, products_for(drawings, is_pair))
        place = layer_title(scene.view.look.layer, part.relevance)
        ground = ", on the original picture" if part.is_on_original else ""
        what = drawings[0].capitalize()
        scale = SCALE_TITLES[scene.view.look.scale]
        dialog.show_choice(self._folder(), f"{what} as on show: {place}, scale “{scale}”{ground}.")
        if "overlay" in drawings and not is_pair and scene.view.mode == "overlay":
            dialog.choose(OVERLAY)
        dialog.exported.connect(self._on_exported)
        _open(dialog)

    def _folder(self) -> Path:
        folder = Path(self._profile.settings.export_folder)
        if self._profile.settings.export_folder and folder.is_dir():
            return folder
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return Path(documents) if documents and Path(documents).is_dir() else Path.home()

    def _on_exported(self, product: Product, path: Path) -> None:
        scene = self._inquiry.study.scene
        request = _request(scene, product)
        if request is None:
            return
        self._profile.keep(structs.replace(self._profile.settings, export_folder=str(path.parent)))
        self._inquiry.export(request, path)

    def _on_listed(self, models: Sequence[CachedModel]) -> None:
        self._models = models
        if self._chooser is not None:
            self._chooser.show_models(models, self._profile.settings.recent_models)

    def _on_preferences_changed(self, settings: Settings) -> None:
        now = self._profile.settings  # which may have learnt of a model since the dialog was opened
        self._profile.keep(
            structs.replace(
                now,
                theme=settings.theme,
                colour_map=settings.colour_map,
                device=settings.device,
                dtype=settings.dtype,
                max_new_tokens=settings.max_new_tokens,
                temperature=settings.temperature,
                seed=settings.seed,
                stop_at_line=settings.stop_at_line,
                start_limit=settings.start_limit,
            )
        )

    def _on_worker_changed(self, command: str) -> None:
        self._profile.keep(structs.replace(self._profile.settings, worker_command=command))
        self.worker_changed.emit(command)


def _request(scene: Scene, product: Product) -> Export | ExportGrid | None:
    if product.picture == "pair":
        return pair_of(scene, "pdf" if product.format == "pdf" else "png")
    return figure_of(scene, product.format, product.picture)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _show(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
