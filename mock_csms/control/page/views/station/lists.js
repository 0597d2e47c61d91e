// The parts that are tables: reservations, display messages, certificates and security events.

import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { now } from "../../components/ago.js";
import { Badge } from "../../components/badge.js";
import { TablePart } from "./table.js";
import { Text, Token } from "./text.js";

const text = (name) => (item) => html`<${Text} value=${item[name]} limit=${80} />`;
const time = (name) => (item) => dateTime(item[name]) || html`<${Text} value=${item[name]} limit=${40} />`;

export const ReservationsTab = ({ state }) => html`
  <${TablePart} state=${state} label="Reservations" items=${state.reservations} commands=${[{ action: "ReserveNow" }]}
    actionOf=${({ id }) => ({ action: "CancelReservation", payload: { reservationId: id }, label: "Cancel" })}
    empty=${{ icon: "clock", title: "No reservation", text: "A ReserveNow that the station accepts stays here until it expires, is used or is cancelled." }}
    columns=${[
      ["Id", text("id")],
      ["EVSE", ({ evseId }) => evseId ?? "any"],
      ["Token", ({ idToken }) => html`<${Token} idToken=${idToken} />`],
      ["Group", ({ groupIdToken }) => html`<${Token} idToken=${groupIdToken} />`],
      ["Connector type", text("connectorType")],
      ["Expires", ({ expiryDateTime }) => `${dateTime(expiryDateTime)} (${remaining(expiryDateTime)})`],
    ]} />
`;

const remaining = (expiry) => {
  const seconds = (new Date(expiry) - now.value) / 1_000;
  return seconds > 0 ? `in ${span(seconds)}` : "expired";
};

export const DisplayTab = ({ state }) => html`
  <${TablePart} state=${state} label="Display messages" items=${state.displayMessages} commands=${[{ action: "SetDisplayMessage" }, { action: "GetDisplayMessages" }]}
    actionOf=${({ id }) => ({ action: "ClearDisplayMessage", payload: { id }, label: "Clear" })}
    empty=${{ icon: "messages", title: "No display message is known", text: "Set one, or ask the station for those that it has." }}
    columns=${[
      ["Id", text("id")],
      ["Message", ({ message }) => html`<${Text} value=${message?.content} limit=${300} />`],
      ["Format", ({ message }) => html`<${Text} value=${[message?.format, message?.language].filter(Boolean).join(", ")} limit=${40} />`],
      ["Priority", text("priority")],
      ["State", text("state")],
      ["From", time("startDateTime")],
      ["To", time("endDateTime")],
      ["Transaction", text("transactionId")],
    ]} />
`;

export const CertificatesTab = ({ state }) => html`
  <${TablePart} state=${state} label="Certificates" items=${state.certificates} commands=${[{ action: "GetInstalledCertificateIds" }, { action: "InstallCertificate" }]}
    actionOf=${({ certificateHashData }) => ({ action: "DeleteCertificate", payload: { certificateHashData }, label: "Delete" })}
    empty=${{ icon: "key", title: "No certificate is known", text: "The station lists its certificates in its answer to GetInstalledCertificateIds." }}
    columns=${[
      ["Type", text("certificateType")],
      ["Serial number", ({ certificateHashData }) => hash(certificateHashData?.serialNumber)],
      ["Hash", ({ certificateHashData }) => html`<${Text} value=${certificateHashData?.hashAlgorithm} limit=${20} />`],
      ["Hash of the issuer's name", ({ certificateHashData }) => hash(certificateHashData?.issuerNameHash)],
      ["Hash of the issuer's key", ({ certificateHashData }) => hash(certificateHashData?.issuerKeyHash)],
      ["Sub-CA certificates", ({ childCertificateHashData }) => childCertificateHashData?.length ?? 0],
    ]} />
`;

const hash = (value) => html`<span class="mono"><${Text} value=${value} limit=${40} /></span>`;

export const SecurityEventsTab = ({ state }) => html`
  <${TablePart} state=${state} label="Security events" items=${[...state.securityEvents].reverse()} commands=${[{ action: "GetLog" }]}
    empty=${{ icon: "lock", title: "No security event", text: "A SecurityEventNotification of the station appears here. GetLog asks the station to upload its log." }}
    columns=${[
      ["Time", time("timestamp")],
      ["Type", ({ type }) => html`<${Badge} kind="warn" icon="lock"><${Text} value=${type} limit=${50} /><//>`],
      ["Details", ({ techInfo }) => html`<${Text} value=${techInfo} limit=${300} />`],
    ]} />
`;
