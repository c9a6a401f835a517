"""Tones to play and ears to hear them: WAV files, energy, and one frequency's share of it."""
import array
import math
import wave

RATE_HZ = 8000
WAV_HEADER = 44
WINDOW = 800  # samples: 100 ms; tones at multiples of 10 Hz fall into one bin exactly


def write_tone(path, hz, seconds, amplitude=0.5):
    """A mono 16-bit sine. Long enough for any call of ours: baresip falls silent at the end."""
    peak = amplitude * 32767
    step = 2 * math.pi * hz / RATE_HZ
    second = array.array("h", (round(peak * math.sin(step * n)) for n in range(RATE_HZ)))
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(second.tobytes() * seconds)


def read(path):
    with wave.open(path, "rb") as recording:
        assert recording.getframerate() == RATE_HZ and recording.getnchannels() == 1, path
        samples = array.array("h")
        samples.frombytes(recording.readframes(recording.getnframes()))
        return samples


def read_growing(path):
    """What stands behind the header of a recording that goes on: its lengths are not right yet."""
    with open(path, "rb") as recording:
        octets = recording.read()[WAV_HEADER:]
    samples = array.array("h")
    samples.frombytes(octets[:len(octets) // 2 * 2])
    return samples


def energy(window):
    return sum(s * s for s in window) / len(window)


def goertzel(window, hz):
    """The part of the window's energy that lies at hz: equals energy() for a pure tone."""
    coefficient = 2 * math.cos(2 * math.pi * hz / RATE_HZ)
    before = last = 0.0
    for sample in window:
        before, last = last, sample + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 2 * power / (len(window) ** 2)


def seconds_of_tone(samples, hz, floor=300, purity=0.9):
    """For how long nothing but hz is heard: windows that are loud enough and that pure.

    floor: root mean square of 16-bit samples, far above noise and far below the tones we play.
    """
    heard = 0
    for start in range(0, len(samples) - WINDOW + 1, WINDOW):
        window = samples[start:start + WINDOW]
        total = energy(window)
        if total >= floor * floor and goertzel(window, hz) >= purity * total:
            heard += 1
    return heard * WINDOW / RATE_HZ


def from_alaw(data):
    """16-bit samples of G.711 A-law bytes (ITU-T G.711, table 1a)."""
    return array.array("h", (ALAW[byte] for byte in data))


def _alaw_sample(byte):
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if byte & 0x80 else -size


ALAW = [_alaw_sample(byte) for byte in range(256)]


def rms(samples):
    return math.sqrt(energy(samples)) if samples else 0.0
