// Shows /openapi.json: what can be asked of the store, and what it answers. Nothing else is fetched.

import { ask, byId, element } from "/common.js";

let document_ = null;

// What a reference stands for; other things are what they are.
function resolved(value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce(
    (node, name) => node[name.replaceAll("~1", "/").replaceAll("~0", "~")], document_);
}

// Text with `code` in it, as the document's descriptions have it.
function prose(text) {
  return text.split("`").map((part, index) =>
    index % 2 === 0 ? document.createTextNode(part) : element("code", {}, part));
}

const paragraphs = (text) =>
  text.split("\n\n").map((part) => element("p", {}, ...prose(part)));

const anchor = (method, path) => `${method}${path}`.replaceAll(/[^A-Za-z0-9]+/g, "-");

// MARK: Schemas

// A schema as a person writes JSON down: `{ "itemNumber": integer, … }`.
function sketch(schema, depth = 0) {
  schema = resolved(schema);
  const indent = "  ".repeat(depth + 1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) {
    const shown = schema.enum.slice(0, 4).map((value) => JSON.stringify(value)).join(" | ");
    return schema.enum.length > 4 ? `${shown} | …` : shown;
  }
  const types = [schema.type ?? "anything"].flat();
  if (types.includes("array")) return `[${sketch(schema.items ?? {}, depth)}, …]`;
  if (types.includes("object") && (schema.properties || schema.additionalProperties)) {
    if (depth > 3) return "{ … }";
    const required = new Set(schema.required ?? []);
    const members = Object.entries(schema.properties ?? {}).map(([name, value]) =>
      `${indent}"${name}"${required.has(name) ? "" : "?"}: ${sketch(value, depth + 1)}`);
    if (typeof schema.additionalProperties === "object") {
      members.push(`${indent}"…": ${sketch(schema.additionalProperties, depth + 1)}`);
    }
    return `{\n${members.join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  return types.join(" or ");
}

// What a parameter or header may be, in a few words.
function words(schema) {
  schema = resolved(schema ?? {});
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const parts = [[schema.type ?? "text"].flat().join(" or ")];
  if (schema.minimum !== undefined) parts.push(`at least ${schema.minimum}`);
  if (schema.maxLength !== undefined) parts.push(`up to ${schema.maxLength} characters`);
  if (schema.default !== undefined) parts.push(`${schema.default} where it is missing`);
  return parts.join(", ");
}

// MARK: Operations

// The request as curl makes it.
function curl(method, path, item, operation) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (whole, name) => {
    const parameter = (item.parameters ?? []).map(resolved).find((one) => one.name === name);
    return parameter?.example ?? whole;
  });
  const words = ["curl"];
  if (method === "head") words.push("--head");
  else if (method !== "get") words.push("-X", method.toUpperCase());
  if (operation.security) words.push("-H 'Authorization: Bearer TOKEN'");
  const body = operation.requestBody?.content["application/json"]?.example;
  if (body) {
    words.push("-H 'Content-Type: application/json'", `\\\n  -d '${JSON.stringify(body)}'`);
  }
  words.push(location.origin + filled);
  return words.join(" ");
}

function parameterTable(parameters) {
  return element("table", {},
    element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "Name"), element("th", { scope: "col" }, "Meaning"))),
    element("tbody", {}, ...parameters.map((parameter) =>
      element("tr", {},
        element("td", {}, element("code", {}, parameter.name),
          element("small", {}, { path: "in the path", query: "in the query", header: "header" }[
            parameter.in])),
        element("td", {}, ...prose(parameter.description ?? ""),
          element("small", {}, words(parameter.schema)))))));
}

function responseRow(status, response) {
  response = resolved(response);
  const cell = element("td", {}, element("p", {}, ...prose(response.description)));
  const headers = Object.entries(response.headers ?? {});
  if (headers.length > 0) {
    cell.append(element("details", {},
      element("summary", {}, "Headers"),
      element("dl", {}, ...headers.flatMap(([name, header]) => [
        element("dt", {}, name),
        element("dd", {}, ...prose(resolved(header).description ?? "")),
      ]))));
  }
  for (const [type, content] of Object.entries(response.content ?? {})) {
    const example = content.example === undefined ? null
      : typeof content.example === "string" ? content.example
        : JSON.stringify(content.example, null, 2);
    cell.append(element("details", {},
      element("summary", {}, type),
      element("pre", { tabIndex: 0 }, sketch(content.schema)),
      example ? element("pre", { tabIndex: 0 }, example) : null));
  }
  return element("tr", {},
    element("td", {}, element("span", {
      class: `status ${status < 400 ? "good" : "bad"}`,
    }, status)), cell);
}

function responseTable(entries) {
  return element("table", {},
    element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "Status"), element("th", { scope: "col" }, "When"))),
    element("tbody", {}, ...entries.map(([status, response]) => responseRow(status, response))));
}

// What any route can answer; told once, and folded in each.
const common = new Set(["408", "413", "414", "431", "500", "501", "502", "504", "505"]);

function operationNode(path, item, method, operation) {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved);
  const responses = Object.entries(operation.responses);
  const own = responses.filter(([status]) => !common.has(status));
  const others = responses.filter(([status]) => common.has(status));
  const inside = element("div", { class: "inside" });
  if (operation.description) inside.append(...paragraphs(operation.description));
  inside.append(element("pre", { tabIndex: 0 }, curl(method, path, item, operation)));
  if (parameters.length > 0) {
    inside.append(element("h3", {}, "Parameters"), parameterTable(parameters));
  }
  const body = operation.requestBody?.content["application/json"];
  if (body) {
    inside.append(element("h3", {}, "Body"),
      element("pre", { tabIndex: 0 }, sketch(body.schema)));
    const description = resolved(body.schema).description;
    if (description) inside.append(...paragraphs(description));
  }
  inside.append(element("h3", {}, "Answers"), responseTable(own),
    element("details", { class: "rest" },
      element("summary", {}, "What any request can get"), responseTable(others)));
  return element("details", { class: "operation card", id: anchor(method, path) },
    element("summary", {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("code", {}, path),
      element("span", { class: "says" }, ...prose(operation.summary)),
      operation.security ? element("span", { class: "tag" }, "administrator") : null,
      operation.deprecated ? element("span", { class: "tag" }, "deprecated") : null),
    inside);
}

function show() {
  byId("about").replaceChildren(...paragraphs(document_.info.description));
  const contents = [];
  const sections = [];
  for (const tag of document_.tags) {
    const nodes = [];
    const links = [];
    for (const [path, item] of Object.entries(document_.paths)) {
      // HEAD and OPTIONS say nothing that GET and the words above do not.
      for (const method of ["post", "get", "put", "delete"]) {
        const operation = item[method];
        if (!operation?.tags.includes(tag.name)) continue;
        nodes.push(operationNode(path, item, method, operation));
        links.push(element("li", {}, element("a", { href: `#${anchor(method, path)}` },
          element("span", { class: `method ${method}` }, method.toUpperCase()),
          // A long path breaks before its value.
          element("span", {}, ...path.split(/(?=\{)/).flatMap((part, index) =>
            index === 0 ? [part] : [element("wbr"), part])))));
      }
    }
    sections.push(element("section", {},
      element("h2", {}, tag.name), element("p", {}, ...prose(tag.description)), ...nodes));
    contents.push(element("h2", {}, tag.name), element("ul", {}, ...links));
  }
  byId("operations").replaceChildren(...sections);
  byId("contents").replaceChildren(...contents);
}

function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.matches("details")) {
    target.open = true;
    target.scrollIntoView();
  }
}

try {
  document_ = await ask("/openapi.json");
  show();
  openTarget();
} catch (error) {
  byId("message").textContent = error.message;
  byId("message").hidden = false;
}
addEventListener("hashchange", openTarget);
