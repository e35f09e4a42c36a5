"""The interpreter of operation lists: one block of samples forward, and back by the adjoint method.

Compiled once for all circuits in each precision. A block's state is an array (2^n, 2, W): the real
and imaginary parts of each amplitude, for W samples. Gates find the amplitudes that they pair in
tables, so permutations of basis states cost nothing. Everything of a sample stays in its own place
of the vectors: its numbers do not depend on the other samples, nor on the number of threads.

The gradient λ of a state is half of torch's: df = 2 Re(λ* dψ). An angle's slope behind a gate is
Im(λ* P ψ), where P is the Pauli string that it turns about, carried through the later gates of the
same run. These are real numbers for X, Y and Z, so a run of one-qubit gates is a turn of a vector.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from qiskit_qmu.simulator.compiled.operations import DENSE, GATE, PHASES
from qiskit_qmu.simulator.compiled.vectors import Vector, load, spread, store, zeros

# All arrays are flat and made by the caller: shapes, slices and allocations are what takes
# Numba's compiler its time. A "row" is the place of a vector, in units of vectors.
part = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True)


@part
def _half_turns(
    angle_of: Any,
    shared: Any,
    first_shared: int,
    num_shared: int,
    own: Any,
    first_own: int,
    stride: int,
    width: int,
    cosine: Any,
    sine: Any,
) -> None:
    """Write the cosine and sine of half the angle in each slot; a slot without one has 0."""
    half = np.float32(0.5)
    for slot in range(len(angle_of)):
        angle = angle_of[slot]
        if angle >= num_shared:
            place = first_own + (angle - num_shared) * stride
            for lane in range(width):
                turn = half * own[place + lane]
                cosine[slot * width + lane] = math.cos(turn)
                sine[slot * width + lane] = math.sin(turn)
        elif angle >= 0:
            turn = half * shared[first_shared + angle]
            for lane in range(width):
                cosine[slot * width + lane] = math.cos(turn) if lane == 0 else cosine[slot * width]
                sine[slot * width + lane] = math.sin(turn) if lane == 0 else sine[slot * width]
        else:
            for lane in range(width):
                cosine[slot * width + lane] = 1
                sine[slot * width + lane] = 0


@part
def _multiply_runs(
    starts: Any, even: Any, odd: Any, cosine: Any, sine: Any, width: int, matrices: Any
) -> None:
    """Write the 2 x 2 matrix of each run, a product of cos · even + sin · odd over its slots."""
    for run in range(len(starts) - 1):
        for entry in range(8 * width):
            at_one = entry // width == 0 or entry // width == 6
            matrices[8 * width * run + entry] = 1 if at_one else 0
        for slot in range(starts[run], starts[run + 1]):
            c, s = load(cosine, slot), load(sine, slot)
            ar = c * spread(even[8 * slot]) + s * spread(odd[8 * slot])
            ai = c * spread(even[8 * slot + 1]) + s * spread(odd[8 * slot + 1])
            br = c * spread(even[8 * slot + 2]) + s * spread(odd[8 * slot + 2])
            bi = c * spread(even[8 * slot + 3]) + s * spread(odd[8 * slot + 3])
            cr = c * spread(even[8 * slot + 4]) + s * spread(odd[8 * slot + 4])
            ci = c * spread(even[8 * slot + 5]) + s * spread(odd[8 * slot + 5])
            dr = c * spread(even[8 * slot + 6]) + s * spread(odd[8 * slot + 6])
            di = c * spread(even[8 * slot + 7]) + s * spread(odd[8 * slot + 7])
            for column in range(2):
                row = 8 * run + 2 * column
                u, v = load(matrices, row), load(matrices, row + 1)
                x, y = load(matrices, row + 4), load(matrices, row + 5)
                store(matrices, row, ar * u - ai * v + br * x - bi * y)
                store(matrices, row + 1, ar * v + ai * u + br * y + bi * x)
                store(matrices, row + 4, cr * u - ci * v + dr * x - di * y)
                store(matrices, row + 5, cr * v + ci * u + dr * y + di * x)


@part
def _start(states: Any, base: int, matrices: Any, num_qubits: int, one: Any) -> None:
    """Write the product of the first column of the first n matrices."""
    store(states, base, spread(one))
    store(states, base + 1, zeros(states))
    for qubit in range(num_qubits):
        row = 8 * qubit
        ar, ai = load(matrices, row), load(matrices, row + 1)
        cr, ci = load(matrices, row + 4), load(matrices, row + 5)
        half = 1 << qubit
        for place in range(half):
            low = base + 2 * place
            high = low + 2 * half
            u, v = load(states, low), load(states, low + 1)
            store(states, high, cr * u - ci * v)
            store(states, high + 1, cr * v + ci * u)
            store(states, low, ar * u - ai * v)
            store(states, low + 1, ar * v + ai * u)


@part
def _gate(
    states: Any, base: int, pairs: Any, table: int, half: int, matrices: Any, run: int
) -> None:
    """Multiply pairs of amplitudes by a run's matrix."""
    row = 8 * run
    ar, ai, br, bi = (
        load(matrices, row),
        load(matrices, row + 1),
        load(matrices, row + 2),
        load(matrices, row + 3),
    )
    cr, ci, dr, di = (
        load(matrices, row + 4),
        load(matrices, row + 5),
        load(matrices, row + 6),
        load(matrices, row + 7),
    )
    for pair in range(2 * half * table, 2 * half * table + half):
        zero, one = base + 2 * pairs[pair], base + 2 * pairs[pair + half]
        u, v, x, y = (
            load(states, zero),
            load(states, zero + 1),
            load(states, one),
            load(states, one + 1),
        )
        store(states, zero, ar * u - ai * v + br * x - bi * y)
        store(states, zero + 1, ar * v + ai * u + br * y + bi * x)
        store(states, one, cr * u - ci * v + dr * x - di * y)
        store(states, one + 1, cr * v + ci * u + dr * y + di * x)


@part
def _undo_gate(
    state: Any, slope: Any, pairs: Any, table: int, half: int, matrices: Any, run: int, turn: Any
) -> None:
    """Write the slopes by turns about X, Y and Z behind a run, and undo it on ψ and λ."""
    row = 8 * run
    ar, ai, br, bi = (
        load(matrices, row),
        load(matrices, row + 1),
        load(matrices, row + 2),
        load(matrices, row + 3),
    )
    cr, ci, dr, di = (
        load(matrices, row + 4),
        load(matrices, row + 5),
        load(matrices, row + 6),
        load(matrices, row + 7),
    )
    by_x, by_y, by_z = zeros(turn), zeros(turn), zeros(turn)
    for pair in range(2 * half * table, 2 * half * table + half):
        zero, one = 2 * pairs[pair], 2 * pairs[pair + half]
        u, v, x, y = (
            load(state, zero),
            load(state, zero + 1),
            load(state, one),
            load(state, one + 1),
        )
        p, q, g, h = (
            load(slope, zero),
            load(slope, zero + 1),
            load(slope, one),
            load(slope, one + 1),
        )
        by_x += p * y - q * x + g * v - h * u
        by_y += g * u + h * v - p * x - q * y
        by_z += p * v - q * u - g * y + h * x
        store(state, zero, ar * u + ai * v + cr * x + ci * y)
        store(state, zero + 1, ar * v - ai * u + cr * y - ci * x)
        store(state, one, br * u + bi * v + dr * x + di * y)
        store(state, one + 1, br * v - bi * u + dr * y - di * x)
        store(slope, zero, ar * p + ai * q + cr * g + ci * h)
        store(slope, zero + 1, ar * q - ai * p + cr * h - ci * g)
        store(slope, one, br * p + bi * q + dr * g + di * h)
        store(slope, one + 1, br * q - bi * p + dr * h - di * g)
    store(turn, 0, by_x)
    store(turn, 1, by_y)
    store(turn, 2, by_z)


@part
def _undo_start(state: Any, slope: Any, matrices: Any, qubit: int, turn: Any) -> None:
    """Write the slopes of the highest qubit's run, and leave the states of the qubits below."""
    row = 8 * qubit
    ar, ai = load(matrices, row), load(matrices, row + 1)
    cr, ci = load(matrices, row + 4), load(matrices, row + 5)
    by_x, by_y, by_z = zeros(turn), zeros(turn), zeros(turn)
    half = 1 << qubit
    for place in range(half):
        zero, one = 2 * place, 2 * (place + half)
        u, v, x, y = (
            load(state, zero),
            load(state, zero + 1),
            load(state, one),
            load(state, one + 1),
        )
        p, q, g, h = (
            load(slope, zero),
            load(slope, zero + 1),
            load(slope, one),
            load(slope, one + 1),
        )
        by_x += p * y - q * x + g * v - h * u
        by_y += g * u + h * v - p * x - q * y
        by_z += p * v - q * u - g * y + h * x
        store(state, zero, ar * u + ai * v + cr * x + ci * y)
        store(state, zero + 1, ar * v - ai * u + cr * y - ci * x)
        store(slope, zero, ar * p + ai * q + cr * g + ci * h)
        store(slope, zero + 1, ar * q - ai * p + cr * h - ci * g)
    store(turn, 0, by_x)
    store(turn, 1, by_y)
    store(turn, 2, by_z)


@part
def _undo_run(
    first: int,
    last: int,
    angle_of: Any,
    axis: Any,
    spin: Any,
    cosine: Any,
    sine: Any,
    turn: Any,
    slopes: Any,
    row: int,
) -> None:
    """Write the slopes of a run's angles, last one first; each slot turns the vector back."""
    for back in range(last - first):
        slot = last - 1 - back
        if angle_of[slot] >= 0:
            store(slopes, row + angle_of[slot], load(turn, axis[slot]))
        if slot > first:
            c, s = load(cosine, slot), load(sine, slot)
            whole_c, whole_s = c * c - s * s, c * s + c * s
            for column in range(3):
                total = zeros(turn)
                for other in range(3):
                    place = 27 * slot + 3 * other + column
                    entry = spread(spin[place]) + whole_c * spread(spin[place + 9])
                    total += (entry + whole_s * spread(spin[place + 18])) * load(turn, other)
                store(turn, 3 + column, total)
            for column in range(3):
                store(turn, column, load(turn, 3 + column))


@part
def _phases(states: Any, base: int, size: int, phases: Any, table: int, sign: Any) -> None:
    """Multiply each amplitude by a constant, or for ``sign`` -1 by its conjugate."""
    for place in range(size):
        own = 2 * (size * table + place)
        c, s = spread(phases[own]), spread(sign * phases[own + 1])
        row = base + 2 * place
        u, v = load(states, row), load(states, row + 1)
        store(states, row, c * u - s * v)
        store(states, row + 1, c * v + s * u)


@part
def _parity(
    states: Any,
    base: int,
    size: int,
    signs: Any,
    table: int,
    cosine: Any,
    sine: Any,
    slot: int,
    sign: Any,
) -> None:
    """Turn about a string of Z: multiply amplitudes by cos - i sign χ sin."""
    c, s = load(cosine, slot), spread(sign) * load(sine, slot)
    for place in range(size):
        row = base + 2 * place
        u, v = load(states, row), load(states, row + 1)
        if signs[size * table + place] > 0:
            store(states, row, c * u + s * v)
            store(states, row + 1, c * v - s * u)
        else:
            store(states, row, c * u - s * v)
            store(states, row + 1, c * v + s * u)


@part
def _parity_slope(
    state: Any, slope: Any, size: int, signs: Any, table: int, slopes: Any, row: int
) -> None:
    """Write the slope of the angle of a turn about a string of Z."""
    total = zeros(state)
    for place in range(size):
        u, v = load(state, 2 * place), load(state, 2 * place + 1)
        p, q = load(slope, 2 * place), load(slope, 2 * place + 1)
        if signs[size * table + place] > 0:
            total += p * v - q * u
        else:
            total += q * u - p * v
    store(slopes, row, total)


@part
def _dense(
    states: Any,
    base: int,
    size: int,
    places: Any,
    first: int,
    entries: Any,
    entry: int,
    width: int,
    group: Any,
) -> None:
    """Multiply groups of ``width`` amplitudes by a matrix."""
    for start in range(size // width):
        start = first + start * width
        for row in range(width):
            u, v = zeros(states), zeros(states)
            for column in range(width):
                place = base + 2 * places[start + column]
                x, y = load(states, place), load(states, place + 1)
                own = 2 * (entry + row * width + column)
                a, b = spread(entries[own]), spread(entries[own + 1])
                u += a * x - b * y
                v += a * y + b * x
            store(group, 2 * row, u)
            store(group, 2 * row + 1, v)
        for row in range(width):
            place = base + 2 * places[start + row]
            store(states, place, load(group, 2 * row))
            store(states, place + 1, load(group, 2 * row + 1))


@part
def _values(
    states: Any,
    base: int,
    size: int,
    diagonal: Any,
    partners: Any,
    strings: Any,
    outcomes: Any,
    chance: Any,
    values: Any,
    first: int,
    count: int,
) -> None:
    """Write the ``count`` readouts of a state."""
    for place in range(size):
        u, v = load(states, base + 2 * place), load(states, base + 2 * place + 1)
        own = u * u + v * v
        store(chance, place, own)
        if len(outcomes):
            to = first + outcomes[place]
            store(values, to, load(values, to) + own)
    if len(diagonal):
        for output in range(count):
            total = zeros(states)
            for place in range(size):
                total += spread(diagonal[output * size + place]) * load(chance, place)
            store(values, first + output, total)
    for flip in range(len(partners) // size):
        for output in range(count):
            total = load(values, first + output)
            for place in range(size):
                to = base + 2 * partners[flip * size + place]
                u, v = load(states, base + 2 * place), load(states, base + 2 * place + 1)
                x, y = load(states, to), load(states, to + 1)
                own = 2 * ((flip * count + output) * size + place)
                total += spread(strings[own]) * (x * u + y * v)
                total += spread(strings[own + 1]) * (y * u - x * v)
            store(values, first + output, total)


@part
def _seed(
    state: Any,
    slope: Any,
    size: int,
    diagonal: Any,
    partners: Any,
    strings: Any,
    outcomes: Any,
    gradient: Any,
    first: int,
    count: int,
) -> None:
    """Write λ: the sum over the readouts of gradient times readout operator, on the state."""
    for place in range(size):
        weight = zeros(state)
        if len(outcomes):
            weight = load(gradient, first + outcomes[place])
        if len(diagonal):
            for output in range(count):
                own = spread(diagonal[output * size + place])
                weight += own * load(gradient, first + output)
        store(slope, 2 * place, weight * load(state, 2 * place))
        store(slope, 2 * place + 1, weight * load(state, 2 * place + 1))
    for flip in range(len(partners) // size):
        for place in range(size):
            c, s = zeros(state), zeros(state)
            for output in range(count):
                own = 2 * ((flip * count + output) * size + place)
                c += spread(strings[own]) * load(gradient, first + output)
                s += spread(strings[own + 1]) * load(gradient, first + output)
            u, v = load(state, 2 * place), load(state, 2 * place + 1)
            to = 2 * partners[flip * size + place]
            store(slope, to, load(slope, to) + c * u - s * v)
            store(slope, to + 1, load(slope, to + 1) + c * v + s * u)


def forward(
    num_qubits: int,
    operations: Any,
    pairs: Any,
    starts: Any,
    angle_of: Any,
    even: Any,
    odd: Any,
    phases: Any,
    signs: Any,
    entries: Any,
    places: Any,
    diagonal: Any,
    partners: Any,
    strings: Any,
    outcomes: Any,
    models: int,
    blocks: int,
    width: int,
    own_step: int,
    shared: Any,
    own: Any,
    states: Any,
    prepared: bool,
    values: Any,
    cosine: Any,
    sine: Any,
    matrices: Any,
    work: Any,
    one: Any,
    first: int,
    last: int,
) -> None:
    """Write the final states and readouts of blocks ``first`` to ``last`` of M · ``blocks``.

    Tables are those of `operations`, flat. ``shared`` holds shared angles (M, A); ``own`` holds
    per-sample angles (M or 1, A', blocks · W), with ``own_step`` numbers from model to model.
    ``states`` is room for the states (M · blocks, 2^n, 2, W), or holds the initial states where
    they are ``prepared``; ``values`` are zeros (M · blocks, O, W), ``one`` is 1 in the kernel's
    precision, and the rest is working memory.
    """
    size, stride = 1 << num_qubits, blocks * width
    num_shared, count = len(shared) // models, len(values) // (models * stride)
    for unit in range(first, last):
        model, block = unit // blocks, unit % blocks
        place = model * own_step + block * width
        _half_turns(
            angle_of, shared, model * num_shared, num_shared, own, place, stride, width, cosine,
            sine,
        )  # fmt: skip
        _multiply_runs(starts, even, odd, cosine, sine, width, matrices)
        base = unit * 2 * size
        if not prepared:
            _start(states, base, matrices, num_qubits, one)
        for operation in range(len(operations) // 4):
            kind, a = operations[4 * operation], operations[4 * operation + 1]
            b, c = operations[4 * operation + 2], operations[4 * operation + 3]
            if kind == GATE:
                _gate(states, base, pairs, b, size // 2, matrices, a)
            elif kind == PHASES:
                _phases(states, base, size, phases, a, one)
            elif kind == DENSE:
                _dense(states, base, size, places, a, entries, b, c, work)
            else:
                _parity(states, base, size, signs, b, cosine, sine, a, one)
        _values(
            states, base, size, diagonal, partners, strings, outcomes, work, values,
            unit * count, count,
        )  # fmt: skip


def backward(
    num_qubits: int,
    operations: Any,
    pairs: Any,
    starts: Any,
    angle_of: Any,
    even: Any,
    odd: Any,
    axis: Any,
    spin: Any,
    phases: Any,
    signs: Any,
    entries: Any,
    places: Any,
    diagonal: Any,
    partners: Any,
    strings: Any,
    outcomes: Any,
    models: int,
    blocks: int,
    width: int,
    own_step: int,
    shared: Any,
    own: Any,
    states: Any,
    gradient: Any,
    slopes: Any,
    start_slopes: Any,
    cosine: Any,
    sine: Any,
    matrices: Any,
    work: Any,
    state: Any,
    slope: Any,
    turn: Any,
    one: Any,
    first: int,
    last: int,
) -> None:
    """Write the slopes of all angles of blocks ``first`` to ``last`` of M · ``blocks``.

    As `forward`, with the final states in ``states`` and the gradients of the readouts in
    ``gradient``. ``slopes`` are zeros (M · blocks, A + A', W). Where the initial states are
    prepared, half their gradients go to ``start_slopes`` (M · blocks, 2^n, 2, W), else it is empty.
    ``entries`` holds the conjugate transposed matrices.
    """
    size, stride = 1 << num_qubits, blocks * width
    num_shared, count = len(shared) // models, len(gradient) // (models * stride)
    num_slopes = len(slopes) // (models * stride)
    for unit in range(first, last):
        model, block = unit // blocks, unit % blocks
        place = model * own_step + block * width
        _half_turns(
            angle_of, shared, model * num_shared, num_shared, own, place, stride, width, cosine,
            sine,
        )  # fmt: skip
        _multiply_runs(starts, even, odd, cosine, sine, width, matrices)
        for place in range(2 * size):
            store(state, place, load(states, unit * 2 * size + place))
        _seed(
            state, slope, size, diagonal, partners, strings, outcomes, gradient, unit * count, count
        )
        row = unit * num_slopes
        for back in range(len(operations) // 4):
            operation = len(operations) - 4 - 4 * back
            kind, a = operations[operation], operations[operation + 1]
            b, c = operations[operation + 2], operations[operation + 3]
            if kind == GATE:
                _undo_gate(state, slope, pairs, b, size // 2, matrices, a, turn)
                _undo_run(
                    starts[a], starts[a + 1], angle_of, axis, spin, cosine, sine, turn, slopes, row
                )
            elif kind == PHASES:
                _phases(state, 0, size, phases, a, -one)
                _phases(slope, 0, size, phases, a, -one)
            elif kind == DENSE:
                _dense(state, 0, size, places, a, entries, b, c, work)
                _dense(slope, 0, size, places, a, entries, b, c, work)
            else:
                _parity_slope(state, slope, size, signs, b, slopes, row + angle_of[a])
                _parity(state, 0, size, signs, b, cosine, sine, a, -one)
                _parity(slope, 0, size, signs, b, cosine, sine, a, -one)
        if len(start_slopes):
            for place in range(2 * size):
                store(start_slopes, unit * 2 * size + place, load(slope, place))
        else:
            for back in range(num_qubits):
                qubit = num_qubits - 1 - back
                _undo_start(state, slope, matrices, qubit, turn)
                _undo_run(
                    starts[qubit], starts[qubit + 1], angle_of, axis, spin, cosine, sine, turn,
                    slopes, row,
                )  # fmt: skip


def width_of(real: Any) -> int:
    """Return the samples of one block in a precision."""
    return Vector(real).width
