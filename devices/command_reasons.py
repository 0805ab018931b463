"""Why a command did not end well: every code that the edge or the gateway may give. Texts are in the catalogues."""

COMMAND_REASONS = frozenset(
    {
        # never sent
        "deadline",  # its time was over before its turn came
        "line_down",  # its line was down until its time was over
        "superseded",  # a later order for the same point took its place
        "too_soon",  # the register wears, and was written a moment ago
        "wrong_identity",  # what answers there is a unit of another model
        "read_only",  # the point, or everything on its line, cannot be written
        "unknown_point",
        "unknown_device",
        "no_such_device",  # no device of the room has the point
        "value",  # the device knows no such value
        "range",  # outside of what the device takes
        "unheard",  # the device has not yet said on which topic it listens
        "unusable",  # what the PMS sent is no command
        "not_stored",  # the edge's disk did not take it
        # sent, and refused or not done
        "nobody_listens",  # the broker has nobody who would get it
        "not_allowed",  # the broker does not let us
        "broker_refused",
        "device_refused",  # the device said no
        "jammed",  # the bolt does not reach its end
        "not_verified",  # the device holds something else
        "exception_1",  # Modbus: the function is not known
        "exception_2",  # Modbus: no such register
        "exception_3",  # Modbus: value not taken
        "exception_4",  # Modbus: fault in the device
        "exception_5",
        "exception_6",  # Modbus: busy
        "exception_8",
        "exception_10",  # Modbus: the converter finds no way
        "exception_11",  # Modbus: the unit behind the converter is silent
        # sent, and nobody knows
        "no_answer",
        "timeout",
        "bad_frame",
        "closed",
        "unplugged",
        "restarted",  # the edge ended between sending it and the answer
    }
)
OTHER_REASON = "cause_not_known"
"""What a release that knows fewer codes shows in place of one it does not know."""
