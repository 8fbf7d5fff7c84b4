import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, EventName, Events } from '../contract/channels.ts';

type Listeners = { [Name in EventName]: Set<(payload: Events[Name]) => void> };

const listeners: Listeners = {
  host: new Set(),
  'host-removed': new Set(),
  traffic: new Set(),
  log: new Set(),
  theme: new Set(),
  reveal: new Set(),
};

function tell<Name extends EventName>(name: Name, payload: Events[Name]): void {
  for (const listener of listeners[name]) listener(payload);
}

ipcRenderer.on('switchyard:event', (_event, name: EventName, payload: Events[EventName]) => tell(name, payload));

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
