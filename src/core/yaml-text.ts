/** Plain data as YAML in block style, strings in double quotes where they could be taken for something else. */
export function renderYaml(value: unknown, indent = 0): string {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]\n`;
    return value.map((each) => `${pad}- ${renderYaml(each, indent + 2).trimStart()}`).join('');
  }
  if (isRecord(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    if (entries.length === 0) return `${pad}{}\n`;
    return entries
      .map(([key, each]) =>
        isCollection(each)
          ? `${pad}${renderScalar(key)}:\n${renderYaml(each, indent + 2)}`
          : `${pad}${renderScalar(key)}: ${renderScalar(each)}\n`,
      )
      .join('');
  }
  return `${pad}${renderScalar(value)}\n`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCollection = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0;

/** A scalar, or an empty list or map. JSON's string is a valid YAML double-quoted string. */
export function renderScalar(value: unknown): string {
  if (typeof value === 'string') {
    const plain =
      /^[A-Za-z_@/][A-Za-z0-9_@./:-]*[A-Za-z0-9_@/]$/.test(value) &&
      !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
    return plain && !value.includes(': ') && !value.startsWith('@') ? value : JSON.stringify(value);
  }
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  return String(value);
}
