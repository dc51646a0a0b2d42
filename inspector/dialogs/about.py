"""The About dialog: the program, its libraries, and the licences."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import msgspec
import numpy as np
import PySide6
from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from inspector.look.labels import heading_label, plain_label, quiet_label
from inspector.look.theme import Space

LICENCE = (
    "BSD 3-Clause licence. PySide6 (Qt) and zennit are used under the LGPL. The bundled models were trained for this "
    "program; other models have licences of their own."
)
PATENT = (
    "The authors of LXT, from whose papers the rules are taken, state in its README that layer-wise relevance "
    "propagation is patented and may need a licence for commercial use."
)
METHOD = "AttnLRP: Achtibat et al., ICML 2024. Its gradient form: Arras et al., 2025. CP-LRP: Ali et al., ICML 2022."


class About(QDialog):
    """Name, versions, licences, and the papers."""

    def __init__(self, worker_versions: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About LXT Inspector")
        self.setMinimumWidth(480)
        layout = QVBoxLayout(self)
        layout.addWidget(heading_label("LXT Inspector"))
        layout.addWidget(quiet_label("See why a transformer said that: the relevance of every token, at any layer."))
        for title, text in (("Method", METHOD), ("Licence", LICENCE), ("Patent", PATENT)):
            layout.addSpacing(Space.SMALL)
            layout.addWidget(heading_label(title))
            layout.addWidget(quiet_label(text))
        layout.addSpacing(Space.SMALL)
        layout.addWidget(heading_label("Versions"))
        layout.addLayout(self._versions(worker_versions))
        layout.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)

    def _versions(self, worker_versions: Mapping[str, str]) -> QFormLayout:
        form = QFormLayout()
        form.setVerticalSpacing(Space.HAIR)
        ours = {
            "Python": platform.python_version(),
            "PySide6": f"{PySide6.__version__} (Qt {qVersion()})",
            "numpy": np.__version__,
            "msgspec": msgspec.__version__,
        }
        for name, number in ours.items():
            form.addRow(name, _selectable(number))
        for name, number in worker_versions.items():
            form.addRow(f"{name} (worker)", _selectable(number))
        return form


def _selectable(text: str) -> QWidget:
    label = plain_label(text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
