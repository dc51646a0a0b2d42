"""Notices above the panes: what went wrong, and what is good to know."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspector.look.theme import Space
from inspector.state.trouble import Remedy, Trouble
from inspector.views.failure_bar import FailureBar


class Notices(QWidget):
    """One bar for the last failure and one for the last piece of news; no room is taken while there is none."""

    remedy_chosen = Signal(object)  # Remedy
    details_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._remedy: Remedy | None = None
        self._folder: Path | None = None
        self.failure = FailureBar()
        self.news = FailureBar()
        self.failure.setObjectName("failure")
        self.news.setObjectName("news")
        self.failure.acted.connect(self._on_failure_acted)
        self.failure.details_requested.connect(self.details_requested)
        self.news.acted.connect(self._on_news_acted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.failure)
        column.addWidget(self.news)

    def show_trouble(self, trouble: Trouble) -> None:
        """Say what went wrong, and offer what would help."""
        self._remedy = trouble.remedy
        self.failure.show_failure(trouble.message, trouble.remedy and trouble.remedy.value, trouble.details)

    def clear_trouble(self) -> None:
        self._remedy = None
        self.failure.clear()

    def show_written(self, path: Path, note: str) -> None:
        """Say that a file was saved, and where; that another was not is of no more interest."""
        if self._remedy is Remedy.EXPORT_AGAIN:
            self.clear_trouble()
        self._folder = path.parent
        self.news.show_notice(f"Saved {path}. {note}".rstrip(), "Open folder")

    def show_news(self, message: str) -> None:
        self._folder = None
        self.news.show_notice(message)

    def _on_failure_acted(self) -> None:
        remedy = self._remedy
        self.clear_trouble()
        if remedy is not None:
            self.remedy_chosen.emit(remedy)

    def _on_news_acted(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
