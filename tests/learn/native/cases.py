"""A torch network, the same network in the engine, and both compared with float64."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from benchbench import Objective, Setting
from benchbench.learn.native.engine import Engine
from benchbench.learn.native.entries import OPTIMIZERS, Step
from benchbench.learn.network import Network

MODULES = {"rnn_tanh": nn.RNN, "rnn_relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Shape(NamedTuple):
    """Sizes of a network and of a batch; ``classes``: the loss is the cross-entropy."""

    features: int = 1
    width: int = 12
    outputs: int = 1
    layers: int = 1
    batch: int = 8
    steps: int = 10
    scored: int = 1
    classes: bool = False
    lengths: bool = False
    dropout: float = 0.0
    learned_start: bool = False


class Case:
    """A network of a cell, its engine, and a batch."""

    def __init__(self, cell, shape, lanes=None, **step):
        self.cell, self.shape = cell, shape
        objective = Objective.classification() if shape.classes else Objective.regression()
        self.setting = Setting(
            inputs=shape.features, outputs=shape.outputs, scored=shape.scored, length=shape.steps, width=shape.width,
            seed=0, batch=shape.batch, objective=objective,
        )  # fmt: skip
        torch.manual_seed(0)
        self.network = Network(self.core, self.setting, learned_start=shape.learned_start)
        for start in self.network.start:
            nn.init.normal_(start)
        rng = np.random.default_rng(0)
        self.inputs = rng.standard_normal((shape.batch, shape.steps, shape.features)).astype(np.float32)
        self.targets = rng.standard_normal((shape.batch, shape.scored, shape.outputs)).astype(np.float32)
        if shape.classes:
            self.targets = np.eye(shape.outputs, dtype=np.float32)[self.targets.argmax(axis=2)]
        low = max(1, shape.scored)
        self.lengths = rng.integers(low, shape.steps + 1, shape.batch) if shape.lengths else None
        how = {"optimizer": "adam", "momentum": 0.0, "clip": 1.0, "dropout": shape.dropout, "key": 7} | step
        self.engine = Engine(
            self.network,
            self.setting,
            Step(classifies=shape.classes, **how | {"optimizer": OPTIMIZERS.index(how["optimizer"])}),
            steps=shape.steps,
            lengths=shape.lengths,
            lanes=lanes,
        )
        self.batch = self.engine.batch(self.inputs, self.targets, self.lengths)

    def core(self, inputs, width):
        """The core of the network."""
        more = {"nonlinearity": "relu"} if self.cell == "rnn_relu" else {}
        return MODULES[self.cell](inputs, width, self.shape.layers, batch_first=True, **more)

    def gradient(self):
        """The loss and the gradient that the engine computes, the latter as one array."""
        loss = self.engine.update(self.batch, None)
        return loss, np.concatenate([part.ravel() for part in self.engine.gradient(self.network).values()])

    def twin(self, kind=torch.float64):
        """The same network in another precision."""
        network = Network(self.core, self.setting, learned_start=self.shape.learned_start).to(kind)
        network.load_state_dict(self.network.state_dict())
        return network

    def loss_of(self, network, kind=torch.float64):
        """The loss of a torch network on the batch."""
        outputs = network(torch.tensor(self.inputs, dtype=kind), self.lengths)
        targets = torch.tensor(self.targets, dtype=kind)
        if self.shape.classes:
            return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten(0, 1))
        return nn.functional.mse_loss(outputs, targets)

    def true_gradient(self, kind=torch.float64):
        """Loss and gradient by automatic differentiation."""
        network = self.twin(kind)
        loss = self.loss_of(network, kind)
        loss.backward()
        return loss.item(), np.concatenate([p.grad.numpy().ravel() for p in network.parameters()])
