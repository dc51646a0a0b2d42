"""A picture with its relevance, and how the two are laid over each other."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QSpacerItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector.look.elided_label import ElidedLabel
from inspector.look.labels import plain_label
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.look.wrapping_row import WrappingRow, let_shrink
from inspector.state.picture import CLIPS, NO_ORIGINAL, ShownPicture
from inspector.state.scene import Scene
from inspector.state.view import PictureMode, View
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import PictureView
from inspector.views.side_titles import SideTitles

GROUNDS = {False: "As the model sees it", True: "On the original picture"}
OPACITY = "Opacity of the relevance over the picture"
_SLIDER = 72  # points
_LOW, _ROOMY = 150, 200  # points of height from which on there is room for the modes, for all controls
_SETTLING_MS = 200  # of the slider, before the opacity is what the view says


class PicturePane(QWidget):
    """What is chosen here is only said: the view decides, but for the opacity, which follows the slider at once.

    `corner` is for whoever has room beside a title: on what relevance is laid.
    """

    mode_chosen = Signal(str)
    opacity_chosen = Signal(float)
    clip_chosen = Signal(float)
    patches_chosen = Signal(bool)
    original_chosen = Signal(bool)
    let_go = Signal()  # of the pinned answer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = PictureView()
        self._shown: ShownPicture | None = None
        self._ground: tuple[object, Ground] | None = None  # and what it was made of
        self._modes = QButtonGroup(self)
        self._opacity = named("opacity", QSlider(Qt.Orientation.Horizontal))
        self._opacity.setRange(0, 100)
        self._opacity.setAccessibleName("Opacity of the relevance")
        self._opacity.setFixedWidth(_SLIDER)
        self._opacity.valueChanged.connect(self._on_opacity_changed)
        self._labelled_opacity = self._with_its_name(self._opacity)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLING_MS)
        self._settling.timeout.connect(self._on_opacity_settled)
        self._patches = named("patches", QCheckBox("Patches"))
        self._patches.setToolTip("Draw lines between the patches that the model sees")
        self._patches.toggled.connect(self.patches_chosen)
        self._clip = named("clip", QComboBox())
        self._clip.setToolTip("How much of relevance the colours span; the values themselves are not changed")
        self._clip.setAccessibleName("How much of relevance the colours span")
        for clip in CLIPS:
            self._clip.addItem("All values" if clip >= 100 else f"{clip:g} % of values", clip)
        let_shrink(self._clip)
        self._clip.activated.connect(self._on_clip_activated)
        self._original = named("original", QComboBox())
        self._original.setAccessibleName("What relevance is laid on")
        for title in GROUNDS.values():
            self._original.addItem(title)
        let_shrink(self._original)
        self._original.activated.connect(self._on_original_activated)
        self.corner = self._original
        self.corner.hide()
        self._controls = QWidget()
        self._controls.setLayout(self._row_of_controls())
        self._titles = SideTitles()
        self._titles.let_go.connect(self.let_go)
        self._titles.hide()
        self._note = named("picture_note", ElidedLabel())
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._controls)
        column.addWidget(self._titles)
        column.addWidget(self._note)
        column.addWidget(self.picture, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what little height there is for the picture: the modes are in a menu as well."""
        super().resizeEvent(event)
        self._controls.setVisible(self.height() >= _LOW)
        for control in (self._labelled_opacity, self._patches, self._clip):
            control.setVisible(self.height() >= _ROOMY)

    def show_scene(self, scene: Scene) -> None:
        """Show the picture of `scene` as its view says; what has not changed is not painted again."""
        shown = scene.picture
        is_new, self._shown = shown != self._shown, shown
        if is_new and shown is None:
            self._clear()
        elif is_new and shown is not None:
            self._show_picture(shown)
        self.corner.setVisible(shown is not None)
        self._show_view(scene.view)
        self.picture.set_stale(shown is not None and scene.stale, scene.is_pinned_stale)

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.picture.set_empty_text(text)

    def _show_picture(self, shown: ShownPicture) -> None:
        self._say(shown.note)
        question = shown.answer.question
        made_of = (question.source, question.input, shown.original)  # another answer about it is on the same ground
        if self._ground is None or self._ground[0] != made_of:
            self._ground = (made_of, Ground.of(shown.seen, shown.original))
        values = [shown.values_of(side) for side in shown.sides]
        self.picture.show_picture(self._ground[1], values, shown.limit, shown.ramp)

    def _show_view(self, view: View) -> None:
        self._button(view.mode).setChecked(True)
        is_overlay = view.mode == "overlay"
        self._opacity.setEnabled(is_overlay)
        self._opacity.setToolTip(OPACITY if is_overlay else f"{OPACITY}: choose Overlay for it")
        self._clip.setCurrentIndex(self._clip.findData(view.look.clip))
        with QSignalBlocker(self._patches):
            self._patches.setChecked(view.patches)
        if not self._settling.isActive():
            with QSignalBlocker(self._opacity):
                self._opacity.setValue(round(view.look.opacity * 100))
            self.picture.set_opacity(view.look.opacity)
        self.picture.set_mode(view.mode)
        self._show_original(view.look.original)
        self._show_titles(view.mode)
        grid = self._shown.grid if self._shown is not None and view.patches else None
        if grid is None:
            self.picture.set_grid(None)
        else:
            self.picture.set_grid(grid.rows, grid.columns)

    def _clear(self) -> None:
        self._ground = None
        self._say("")
        self.picture.clear()

    def _say(self, note: str) -> None:
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _show_original(self, original: bool) -> None:
        is_known = self._shown is not None and self._shown.seen.whole is not None
        self._original.setEnabled(is_known)
        self._original.setToolTip("" if is_known else NO_ORIGINAL)
        self._original.setCurrentIndex(int(original and is_known))

    def _show_titles(self, mode: PictureMode) -> None:
        """Over each pane what it shows, where there are two answers."""
        sides = self._shown.sides if self._shown is not None and mode != "picture" else ()
        self._titles.setVisible(len(sides) > 1)
        first = ["Picture"] if mode == "side by side" else []
        titles = [f"Pinned: {self._shown.titles[0]}", self._shown.titles[1]] if self._shown and len(sides) > 1 else []
        self._titles.show_titles([*first, *titles], len(first), [side.rules for side in sides])

    def _row_of_controls(self) -> WrappingRow:
        row = WrappingRow(Space.TIGHT)
        for index, mode in enumerate(get_args(PictureMode)):
            button = named(f"mode_{mode}", QToolButton())
            button.setText(mode.capitalize())
            button.setCheckable(True)
            button.setAutoRaise(True)
            self._modes.addButton(button, index)
            row.addWidget(button)
        self._modes.idClicked.connect(self._on_mode_clicked)
        row.addWidget(self._labelled_opacity)
        row.addWidget(self._patches)
        row.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding))
        row.addWidget(self._clip)
        return row

    def _with_its_name(self, slider: QSlider) -> QWidget:
        whole = QWidget()
        whole.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(whole)
        row.setContentsMargins(Space.SMALL, 0, Space.SMALL, 0)
        row.setSpacing(Space.TIGHT)
        row.addWidget(plain_label("Opacity"))
        row.addWidget(slider)
        return whole

    def _button(self, mode: PictureMode) -> QToolButton:
        button = self._modes.button(get_args(PictureMode).index(mode))
        assert isinstance(button, QToolButton)
        return button

    def _on_mode_clicked(self, index: int) -> None:
        self.mode_chosen.emit(get_args(PictureMode)[index])

    def _on_opacity_changed(self, percent: int) -> None:
        self.picture.set_opacity(percent / 100)
        self._settling.start()

    def _on_opacity_settled(self) -> None:
        self.opacity_chosen.emit(self._opacity.value() / 100)

    def _on_original_activated(self, index: int) -> None:
        self.original_chosen.emit(bool(index))

    def _on_clip_activated(self, index: int) -> None:
        self.clip_chosen.emit(self._clip.itemData(index))
