/**
 * Turns an OpenAPI 3.1 document into TypeScript: one type for each schema and one row for each
 * operation. Pure (text in, text out), so that it can be tested without files.
 */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  nullable?: boolean;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Media {
  schema?: Schema;
}

interface Body {
  content?: Record<string, Media>;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: Body;
  responses?: Record<string, Body>;
}

type PathItem = Record<string, Operation | Parameter[] | undefined>;

export interface OpenApi {
  openapi: string;
  info?: { title?: string; version?: string };
  paths?: Record<string, PathItem>;
  components?: { schemas?: Record<string, Schema>; parameters?: Record<string, Parameter> };
}

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** `video_page` and `video-page` become `VideoPage`. */
export function typeName(name: string): string {
  const joined = name
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

function property(name: string): string {
  return IDENTIFIER.test(name) ? name : JSON.stringify(name);
}

function comment(text: string | undefined, indent: string): string {
  if (!text) return "";
  const safe = text.replace(/\*\//g, "* /").trim().split(/\r?\n/);
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  return `${indent}/**\n${safe.map((line) => `${indent} * ${line}`).join("\n")}\n${indent} */\n`;
}

function union(types: string[]): string {
  return [...new Set(types)].join(" | ");
}

function grouped(type: string): string {
  return type.includes(" | ") || type.includes(" & ") ? `(${type})` : type;
}

function objectType(schema: Schema, indent: string): string {
  const names = Object.keys(schema.properties ?? {});
  const extra = schema.additionalProperties;
  if (names.length === 0) {
    if (typeof extra === "object") return `Record<string, ${typeOf(extra, indent)}>`;
    return "Record<string, unknown>";
  }
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const lines = names.map((name) => {
    const member = schema.properties?.[name] ?? {};
    const mark = required.has(name) ? "" : "?";
    const doc = comment(member.description, inner);
    return `${doc}${inner}${property(name)}${mark}: ${typeOf(member, inner)};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function typeOfOne(type: string | undefined, schema: Schema, indent: string): string {
  switch (type) {
    case "string":
      return schema.format === "binary" ? "Blob" : "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `${grouped(typeOf(schema.items ?? {}, indent))}[]`;
    case "object":
      return objectType(schema, indent);
    default:
      return schema.properties ? objectType(schema, indent) : "unknown";
  }
}

/** The TypeScript type of a schema; `indent` is that of the line it stands on. */
export function typeOf(schema: Schema, indent = ""): string {
  const orNull = (type: string) => (schema.nullable ? union([type, "null"]) : type);
  if (schema.$ref) return orNull(typeName(schema.$ref.split("/").pop() ?? ""));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return orNull(union(schema.enum.map((value) => JSON.stringify(value))));
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return orNull(union(either.map((part) => typeOf(part, indent))));
  if (schema.allOf) return orNull(schema.allOf.map((p) => grouped(typeOf(p, indent))).join(" & "));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return orNull(union(types.map((type) => typeOfOne(type, schema, indent))));
}

function schemaText(name: string, schema: Schema): string {
  const doc = comment(schema.description, "");
  const body = typeOf(schema);
  const plain = body.startsWith("{") && body.endsWith("}") && !body.includes("} |");
  if (plain) return `${doc}export interface ${typeName(name)} ${body}\n`;
  return `${doc}export type ${typeName(name)} = ${body};\n`;
}

interface Row {
  key: string;
  text: string;
  body: string;
}

function parameters(document: OpenApi, list: Parameter[], where: string): string {
  const chosen = list
    .map((item) => {
      if (!item.$ref) return item;
      return document.components?.parameters?.[item.$ref.split("/").pop() ?? ""] ?? item;
    })
    .filter((item) => item.in === where);
  if (chosen.length === 0) return "Record<string, never>";
  const lines = chosen.map((item) => {
    const mark = item.required || where === "path" ? "" : "?";
    const doc = comment(item.description, "      ");
    return `${doc}      ${property(item.name)}${mark}: ${typeOf(item.schema ?? {}, "      ")};`;
  });
  return `{\n${lines.join("\n")}\n    }`;
}

const BODIES: [RegExp, string][] = [
  [/json$/, "json"],
  [/^multipart\/form-data$/, "form"],
  [/./, "raw"],
];

function requestOf(operation: Operation): { kind: string; type: string } {
  const content = operation.requestBody?.content ?? {};
  for (const [pattern, kind] of BODIES) {
    const found = Object.keys(content).find((name) => pattern.test(name));
    if (found === undefined) continue;
    const type = kind === "raw" ? "Blob" : typeOf(content[found]?.schema ?? {}, "    ");
    return { kind, type };
  }
  return { kind: "none", type: "undefined" };
}

function replyOf(operation: Operation): string {
  const types: string[] = [];
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (!/^2/.test(status)) continue;
    const content = response.content ?? {};
    const json = Object.keys(content).find((name) => /json$/.test(name));
    if (json) types.push(typeOf(content[json]?.schema ?? {}, "    "));
    else types.push(Object.keys(content).length > 0 ? "unknown" : "undefined");
  }
  return types.length > 0 ? union(types) : "undefined";
}

function operationRow(
  document: OpenApi,
  path: string,
  method: string,
  operation: Operation,
  shared: Parameter[],
): Row {
  const key = `${method.toUpperCase()} ${path}`;
  const all = [...shared, ...(operation.parameters ?? [])];
  const request = requestOf(operation);
  const doc = comment(operation.summary ?? operation.description, "  ");
  const text = `${doc}  ${JSON.stringify(key)}: {
    path: ${parameters(document, all, "path")};
    query: ${parameters(document, all, "query")};
    body: ${request.type};
    reply: ${replyOf(operation)};
  };`;
  return { key, text, body: request.kind };
}

function rows(document: OpenApi): Row[] {
  const result: Row[] = [];
  for (const path of Object.keys(document.paths ?? {}).sort()) {
    const item = document.paths?.[path] ?? {};
    const shared = (item.parameters as Parameter[] | undefined) ?? [];
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (operation) result.push(operationRow(document, path, method, operation, shared));
    }
  }
  return result;
}

/** The whole generated file. The same document always gives the same text. */
export function generate(document: OpenApi): string {
  const schemas = document.components?.schemas ?? {};
  const names = Object.keys(schemas).sort();
  const operations = rows(document);
  const parts = [
    "// Made from the server's OpenAPI document by tools/generate-client.ts; do not edit.\n",
    ...names.map((name) => schemaText(name, schemas[name] ?? {})),
    "/** What every operation takes and answers, by `METHOD path`. */\n" +
      `export interface Operations {\n${operations.map((row) => row.text).join("\n")}\n}\n`,
    "/** How every operation sends its body. */\n" +
      `export const operations: { readonly [K in keyof Operations]: "json" | "form" | "raw" | "none" } = {\n` +
      `${operations.map((row) => `  ${JSON.stringify(row.key)}: ${JSON.stringify(row.body)},`).join("\n")}\n};\n`,
  ];
  return parts.join("\n");
}
