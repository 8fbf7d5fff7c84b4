import { safeStorage } from 'electron';

/**
 * Whether the system keeps secrets for us. On Linux Chromium also has a backend with a password that everybody
 * knows: that one does not count.
 */
export function hasKeyring(platform: string): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false;
  if (platform !== 'linux') return true;
  // Not in every Electron that this bundle runs on.
  const backend = safeStorage.getSelectedStorageBackend?.() ?? 'unknown';
  return backend !== 'basic_text' && backend !== 'unknown';
}
