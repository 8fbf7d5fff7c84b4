import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, EventName } from '../contract/channels.ts';

const listeners: Record<EventName, Set<(json: string) => void>> = {
  host: new Set(),
  'host-removed': new Set(),
  traffic: new Set(),
  log: new Set(),
  theme: new Set(),
  reveal: new Set(),
};

ipcRenderer.on('switchyard:event', (_event, name: EventName, json: string) => {
  for (const listener of listeners[name]) listener(json);
});

const bridge: Bridge = {
  call: (name, input) => ipcRenderer.invoke('switchyard:call', name, input),
  on(name, listener) {
    listeners[name].add(listener);
    return () => {
      listeners[name].delete(listener);
    };
  },
  platform: process.platform,
};

contextBridge.exposeInMainWorld('switchyard', bridge);
