/** What the environment may tell the app. Read once, at start; everything has a default. */
export type Environment = {
  /** `SWITCHYARD_USER_DATA`: the folder for settings, logs and Chromium's own data, instead of the system's. */
  userData: string | null;
  /** `SWITCHYARD_SSH_CONFIG`: an ssh config to use instead of ~/.ssh/config, as `ssh -F` does. */
  sshConfigPath: string | null;
  /** `SWITCHYARD_E2E=1`: a test drives the window, so nothing may block it (no modal dialog of the system). */
  unattended: boolean;
};

export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  return {
    userData: variables.SWITCHYARD_USER_DATA || null,
    sshConfigPath: variables.SWITCHYARD_SSH_CONFIG || null,
    unattended: variables.SWITCHYARD_E2E === '1',
  };
}
