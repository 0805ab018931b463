"""Points of Modbus units that say something of people or of a room's climate, beside those any device may have."""

PRESENCE = (
    *("motion_level", "door_edges", "window_edges", "digital_input", "latched_inputs", "inputs_packed_1"),
    *("inputs_packed_2", "inputs_packed_3", "inputs_packed_4"),
)

_PHASE = (
    *("voltage", "current", "power_active", "power_apparent", "power_reactive", "power_factor", "phase_angle"),
    *("energy_active", "energy_reactive", "import_energy_active", "import_energy_reactive"),
    *("export_energy_active", "export_energy_reactive"),
)
_METER = (
    *("voltage_ln", "voltage_ll", "l12_voltage", "l23_voltage", "l31_voltage", "current_ln"),
    *("neutral_current", "total_current", "power_apparent", "power_reactive", "power_factor", "phase_angle"),
    *("pf", "net_kwh", "energy_export", "total_power_apparent", "total_power_reactive", "total_power_factor"),
    *("total_pf", "total_phase_angle", "import_total_power_active", "export_total_power_active"),
    *("total_energy_apparent", "total_energy_reactive", "import_energy_active", "import_energy_reactive"),
    *("export_energy_active", "export_energy_reactive"),
)
_CONTROL = (
    *("activity", "heating_active", "mode_active", "mode_actual", "mode_code", "manual_mode", "program"),
    *("fan_code", "fan_status", "fan_operation", "fan_volts", "heat_volts", "cool_volts"),
    *("electric_heater_output", "relay_state", "relay_w", "relay_y", "relay_fan_low", "relay_fan_medium"),
    *("relay_fan_high", "setpoint_cool", "setpoint_frost", "setpoint_schedule", "setpoint_not_reached"),
    *("setpoint_stored_1", "setpoint_stored_2", "setpoint_stored_3", "setpoint_stored_4", "setpoint_stored_5"),
    *("setpoint_stored_6", "user_correction", "unoccupied_fan", "outdoor_temperature", "room_temperature_raw"),
    *("condensation", "valve_position", "valve_setpoint", "flow", "cooling_energy", "heating_energy"),
)

CLIMATE = (
    *_METER,
    *_CONTROL,
    *(f"l{phase}_{what}" for phase in (1, 2, 3) for what in _PHASE),
    *(f"{what}_l{phase}" for phase in (1, 2, 3) for what in ("voltage", "current", "power", "pf", "energy_import")),
)
"""Energy too: longer series of it would show habits."""
