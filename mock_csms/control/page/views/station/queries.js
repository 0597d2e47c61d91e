// The commands that only ask the station for something.

/** Whether a command changes nothing at the station. */
export const isQuery = (action) => action.startsWith("Get") || action === "TriggerMessage";
