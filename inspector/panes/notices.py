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
    """One bar for the last failure and one for the last piece of news; no room is taken while there is none.

    News of a file goes when something else happens, news of a model with the model, news of a question with it.
    """

    remedy_chosen = Signal(object)  # Remedy
    details_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._remedies: tuple[Remedy, ...] = ()
        self._folder: Path | None = None  # of the file that was saved, while that is the news
        self._is_doubt = self._is_of_question = False
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
        self.clear_written()
        self._remedies = trouble.remedies
        self.failure.show_failure(trouble.message, [remedy.value for remedy in trouble.remedies], trouble.details)

    def clear_trouble(self) -> None:
        self._remedies = ()
        self.failure.clear()

    def show_written(self, path: Path, note: str) -> None:
        """Say that a file was saved, and where; that another was not is of no more interest."""
        if Remedy.EXPORT_AGAIN in self._remedies:
            self.clear_trouble()
        self._folder, self._is_doubt, self._is_of_question = path.parent, False, False
        self.news.show_notice(f"Saved {path}. {note}".rstrip(), ["Open folder"])

    def clear_written(self) -> None:
        """Say no longer that a file was saved."""
        if self._folder is not None:
            self._folder = None
            self.news.clear()

    def show_news(self, message: str) -> None:
        self._folder, self._is_doubt, self._is_of_question = None, False, False
        self.news.show_notice(message)

    def show_doubt(self, message: str) -> None:
        """Say what is to be doubted about the model that is open."""
        self.show_news(message)
        self._is_doubt = True

    def clear_doubt(self) -> None:
        """Another model is open, or none."""
        if self._is_doubt:
            self._is_doubt = False
            self.news.clear()

    def show_of_question(self, message: str) -> None:
        """Say what is good to know about the question that is asked."""
        self.show_news(message)
        self._is_of_question = True

    def clear_of_question(self) -> None:
        """Another question is asked."""
        if self._is_of_question:
            self._is_of_question = False
            self.news.clear()

    def _on_failure_acted(self, which: int) -> None:
        remedy = self._remedies[which]
        self.clear_trouble()
        self.remedy_chosen.emit(remedy)

    def _on_news_acted(self, which: int) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
