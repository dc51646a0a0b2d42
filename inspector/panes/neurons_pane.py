"""The neurons with most relevance, of all blocks."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.protocol.messages import Ending, FindNeurons, NeuronsFound
from engine.reading.numbers import fixed
from inspector.panes.asked_pane import AskedPane
from inspector.panes.inside_parts import neuron_rows, said_of
from inspector.state.model_part import NeuronPart
from inspector.state.scene import Scene
from inspector.state.sides import ShownPart
from inspector.views.inside.neuron_table import NeuronTable

_WAITING = "The neurons with most relevance stand here as soon as nothing else is under way."


def looked_for(scene: Scene) -> FindNeurons:
    """What is asked about the answer of `scene`."""
    return FindNeurons(scene.question)


class NeuronsPane(AskedPane):
    """The same table as of one block, with the block of each neuron."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.neurons = NeuronTable("Neurons of all blocks", has_blocks=True)
        super().__init__(self.neurons, self.neurons.table, _WAITING, parent)
        self.neurons.neuron_chosen.connect(lambda block, number: self.part_chosen.emit(NeuronPart(block, number)))

    def show_scene(self, scene: Scene) -> None:
        """Show what is known of `scene`, with the neuron that is looked at."""
        super().show_scene(scene)
        part = scene.view.through
        self.neurons.choose((part.block, part.index) if isinstance(part, NeuronPart) else None)

    def request_of(self, scene: Scene) -> FindNeurons:
        return looked_for(scene)

    def _show(self, found: Ending, scene: Scene, part: ShownPart) -> None:
        assert isinstance(found, NeuronsFound)
        held = fixed(sum(neuron.relevance for neuron in found.neurons), 2)
        said = f"The {len(found.neurons)} largest of all blocks hold {held} together"
        self.neurons.show_neurons(neuron_rows(found.neurons, part.relevance), said_of(said, part), part.ramp)

    def _set_stale(self, stale: bool) -> None:
        self.neurons.set_stale(stale)
