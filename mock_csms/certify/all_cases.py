"""All cases of all functional blocks."""

from collections.abc import Mapping
from typing import Final

from mock_csms.certify.cases import (
    a_security,
    b_network,
    b_provisioning,
    b_reports,
    b_resets,
    b_variables,
    c_authorization,
    c_cache,
    c_contracts,
    c_groups,
    c_local_list,
    c_master_pass,
    c_offline,
    d_local_list,
    e_queue,
    e_stop,
    e_transactions,
    f_remote_control,
    g_availability,
    h_reservation,
    i_cost,
    j_meter_values,
    k_composite_schedules,
    k_iso15118,
    k_profiles,
    k_smart_charging,
    l_firmware,
    m_iso15118,
    n_customers,
    n_events,
    n_logs,
    n_monitoring,
    n_reports,
    o_display,
    o_display_conditions,
    p_data_transfer,
)
from mock_csms.certify.registry import Case, Unrehearsed

CASE_LISTS: Final = (
    a_security.CASES,
    b_network.CASES,
    b_provisioning.CASES,
    b_reports.CASES,
    b_resets.CASES,
    b_variables.CASES,
    c_authorization.CASES,
    c_cache.CASES,
    c_contracts.CASES,
    c_groups.CASES,
    c_local_list.CASES,
    c_master_pass.CASES,
    c_offline.CASES,
    d_local_list.CASES,
    e_queue.CASES,
    e_stop.CASES,
    e_transactions.CASES,
    f_remote_control.CASES,
    g_availability.CASES,
    h_reservation.CASES,
    i_cost.CASES,
    j_meter_values.CASES,
    k_composite_schedules.CASES,
    k_iso15118.CASES,
    k_profiles.CASES,
    k_smart_charging.CASES,
    l_firmware.CASES,
    m_iso15118.CASES,
    n_customers.CASES,
    n_events.CASES,
    n_logs.CASES,
    n_monitoring.CASES,
    n_reports.CASES,
    o_display.CASES,
    o_display_conditions.CASES,
    p_data_transfer.CASES,
)

ALL_CASES: Final[Mapping[str, Case]] = {
    case_id: block.cases[case_id] for block in CASE_LISTS for case_id in sorted(block.cases)
}
"""The cases that are rehearsed, by id."""

UNREHEARSED: Final[Mapping[str, Unrehearsed]] = {
    case_id: block.unrehearsed[case_id] for block in CASE_LISTS for case_id in sorted(block.unrehearsed)
}
"""The cases that are not rehearsed, by id."""
