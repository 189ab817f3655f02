# SPDX-License-Identifier: BSD-2-Clause
"""Records as Chrome's trace format in JSON, which Perfetto opens.

Tracks: one per hart, with the thread or vCPU that runs; one per thread, with its calls, from call to
return; one per vCPU, with its guest's state: running, exited (for the length of the slice), or waiting.
"""

import json

import layout

HARTS_PID = 1
GROUP_PID = 10  # and on


class Track:
    """One row: at most one slice is open at a time."""

    def __init__(self, pid, tid):
        self.pid, self.tid = pid, tid
        self.open = None
        self.events = []

    def begin(self, time, name, category, args=None):
        self.end(time)
        self.open = (time, name, category, args or {})

    def end(self, time, **more):
        if self.open is None:
            return
        begin, name, category, args = self.open
        self.events.append({"ph": "X", "ts": begin, "dur": round(time - begin, 3), "name": name,
                            "cat": category, "pid": self.pid, "tid": self.tid, "args": {**args, **more}})
        self.open = None

    def is_open(self, category):
        return self.open is not None and self.open[2] == category

    def instant(self, time, name, category, args):
        self.events.append({"ph": "i", "s": "t", "ts": time, "name": name, "cat": category,
                            "pid": self.pid, "tid": self.tid, "args": args})


class Converter:
    def __init__(self, trace, calls=None):
        self.trace = trace
        self.calls = calls or layout.Calls()
        self.start = trace.records[0].time if trace.records else 0
        self.tracks = {}
        self.on_hart = {}  # hart -> (thread, vCPU) that runs there

    def time_us(self, ticks):
        return round((ticks - self.start) * 1e6 / self.trace.timebase_hz, 3)

    def hart(self, number):
        return self.tracks.setdefault((HARTS_PID, number), Track(HARTS_PID, number))

    def subject(self, number):
        name = self.trace.names.get(number)
        pid = GROUP_PID + (name.group if name else 0)
        return self.tracks.setdefault((pid, number), Track(pid, number))

    def name(self, number):
        known = self.trace.names.get(number)
        return known.text if known else f"unknown {number:#x}" if number else "none"

    # ---- one record each ----

    def exit(self, r, time):
        args = {"pc": f"{r.word1:#x}", "cause": r.more}
        if r.detail == layout.REASON_ECALL:
            args |= {"extension": f"{r.word0 >> 32:#x}", "function": r.word0 & 0xffffffff}
        elif r.detail in (2, 3, 4):
            args["gpa"] = f"{r.word0:#x}"
        self.subject(r.subject).begin(time, layout.exit_name(r), "exit", args)

    def call(self, r, time):
        args = {"capability": r.word0 & 0xffffffff}
        if r.word1:
            args["refused"] = self.calls.error(r.word1)
        self.subject(r.subject).begin(time, self.calls.name(r), "call", args)

    def signal(self, r, time):
        track = self.subject(r.subject) if r.subject else self.hart(r.hart)
        args = {"bits": f"{r.word0:#x}", "reaches": self.name(r.word1)}
        if r.more:
            args["source"] = r.more
        track.instant(time, "interrupt signal" if r.more else "signal", "signal", args)

    def switch(self, r, time):
        _, before = self.on_hart.get(r.hart, (0, 0))
        if before and before != r.word0 and self.subject(before).is_open("guest"):
            self.subject(before).begin(time, "waits", "wait")
        self.on_hart[r.hart] = (r.subject, r.word0)
        if r.subject:
            self.hart(r.hart).begin(time, self.name(r.subject), "switch")
        else:
            self.hart(r.hart).end(time)

    def enter(self, r, time):
        track = self.subject(r.subject)
        if r.hart not in self.on_hart and not r.detail:  # it was running when the trace began
            self.on_hart[r.hart] = (r.subject, 0)
            self.hart(r.hart).begin(time, self.name(r.subject), "switch")
        if r.detail:
            track.begin(time, "guest", "guest")
        elif track.is_open("call"):
            track.end(time)

    def interrupt(self, r, time):
        name = f"{layout.INTERRUPTS.get(r.more, r.more)} interrupt"
        _, vcpu = self.on_hart.get(r.hart, (0, 0))
        if r.detail and vcpu:
            self.subject(vcpu).begin(time, name, "interrupt")
        else:
            self.hart(r.hart).instant(time, name, "interrupt", {"during": self.name(r.subject)})

    def convert(self):
        """The document as an object."""
        handlers = (self.exit, self.call, self.signal, self.switch, self.enter, self.interrupt)
        last = 0
        for record in self.trace.records:
            last = self.time_us(record.time)
            if record.event < len(handlers):
                handlers[record.event](record, last)
        for track in self.tracks.values():
            track.end(last, unfinished=True)
        events = sorted((event for track in self.tracks.values() for event in track.events),
                        key=lambda event: event["ts"])
        return {"traceEvents": self._names() + events, "displayTimeUnit": "ns",
                "otherData": {"records": len(self.trace.records), "lost": self.trace.lost,
                              "first_tick": self.start, "timebase_hz": self.trace.timebase_hz}}

    def _names(self):
        """The name and the order of each process and row."""
        def meta(kind, pid, tid, **args):
            return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "ts": 0, "args": args}

        groups, events, pids = self.trace.groups, [], set()
        for (pid, tid), track in sorted(self.tracks.items()):
            if pid not in pids:
                pids.add(pid)
                name = "harts" if pid == HARTS_PID else groups.get(pid - GROUP_PID, "unknown")
                events += [meta("process_name", pid, 0, name=name),
                           meta("process_sort_index", pid, 0, sort_index=pid)]
            is_vcpu = pid != HARTS_PID and getattr(self.trace.names.get(tid), "kind", 0) == layout.VCPU
            name = f"hart {tid}" if pid == HARTS_PID else self.name(tid)
            events += [meta("thread_name", pid, tid, name=name),
                       meta("thread_sort_index", pid, tid, sort_index=0 if is_vcpu else 1)]
        return events


def to_json(trace):
    document = Converter(trace).convert()
    lines = ",\n".join(json.dumps(event) for event in document.pop("traceEvents"))
    rest = json.dumps(document)[1:]
    return '{"traceEvents": [\n' + lines + "\n], " + rest + "\n"
