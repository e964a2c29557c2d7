package declared

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/jsonc"
)

// isAgentPath reports whether a lower-case path is one where AI agents and
// editors keep their MCP servers, settings or agent definitions.
func isAgentPath(lower string) bool {
	base := path.Base(lower)
	switch base {
	case "mcp.json", ".mcp.json", "mcp_config.json", "mcp_settings.json", "cline_mcp_settings.json", "claude_desktop_config.json", ".claude.json", "opencode.json", "opencode.jsonc", "mcp.yaml", "mcp.yml":
		return true
	}
	slashed := "/" + lower
	for _, known := range []string{
		"/.claude/settings.json", "/.claude/settings.local.json", "/.gemini/settings.json", "/.codex/config.toml",
		"/.continue/config.json", "/.continue/config.yaml", "/.continue/config.yml", "/.zed/settings.json", "/.roo/mcp.json",
		"/.amazonq/mcp.json", "/.vscode/settings.json", "/.kiro/settings/mcp.json", "/.codeium/windsurf/mcp_config.json", "/.goose/config.yaml",
	} {
		if strings.HasSuffix(slashed, known) {
			return true
		}
	}
	if strings.Contains(slashed, "/.continue/mcpservers/") {
		return strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".json")
	}
	return strings.HasSuffix(base, ".md") && (strings.Contains(slashed, "/.claude/agents/") || strings.Contains(slashed, "/.github/agents/") || strings.Contains(slashed, "/.github/chatmodes/"))
}

// parseAgent reads the configuration of AI agents: one identity for each MCP
// server and each agent, with the credentials that it carries.
func parseAgent(o *output) {
	content := bytes.TrimPrefix(o.file.Content, []byte("\xef\xbb\xbf"))
	var root node
	switch strings.ToLower(path.Ext(o.file.Path)) {
	case ".md":
		o.agentFile(content)
		return
	case ".toml":
		root = o.tomlNode(content)
	case ".yaml", ".yml":
		o.documents(content, func(n node) { o.agentConfig(n) })
		return
	default:
		root = o.jsonNode(content)
	}
	o.agentConfig(root)
}

// jsonNode parses JSON that may have comments and trailing commas.
func (o *output) jsonNode(content []byte) node {
	if why := tooDeep(content); why != "" {
		o.lost(0, why)
		return node{}
	}
	plain := slices.Clone(content)
	jsonc.Blank(plain)
	if len(bytes.TrimSpace(plain)) == 0 {
		return node{}
	}
	if !json.Valid(plain) {
		o.lost(jsonLine(plain), "invalid JSON")
		return node{}
	}
	return o.yamlNode(plain)
}

// yamlNode parses text that is YAML, which all JSON is, so that lines are kept.
func (o *output) yamlNode(text []byte) node {
	var y yaml.Node
	err := yaml.Unmarshal(escapeTabs(text), &y)
	if err != nil {
		err = yaml.Unmarshal(normalJSON(text), &y)
	}
	if err != nil {
		o.lost(yamlLine(err), "not read: "+yamlReason(err))
		return node{}
	}
	return node{&y, &document{visits: maxVisits}}.resolve()
}

// escapeTabs makes the tabs of JSON blanks: YAML does not indent with tabs.
func escapeTabs(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\t"), []byte(" ")) }

// normalJSON spells JSON anew, for the escapes that YAML does not know
// (surrogate pairs). Its lines are lost.
func normalJSON(text []byte) []byte {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return out
}

// jsonLine returns the line of the first syntax error.
func jsonLine(text []byte) int {
	var v any
	if e, ok := errorsAs[*json.SyntaxError](json.Unmarshal(text, &v)); ok {
		return 1 + bytes.Count(text[:min(int(e.Offset), len(text))], []byte("\n"))
	}
	return 1
}

// errorsAs is errors.As with the target as a result.
func errorsAs[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}

// tomlNode parses TOML. Lines are those of the headers of tables, found by
// their text.
func (o *output) tomlNode(content []byte) node {
	if why := tooDeep(content); why != "" {
		o.lost(0, why)
		return node{}
	}
	var v map[string]any
	if err := toml.Unmarshal(content, &v); err != nil {
		line := 1
		if e, ok := errorsAs[*toml.DecodeError](err); ok {
			line, _ = e.Position()
		}
		o.lost(line, "invalid TOML")
		return node{}
	}
	text, err := json.Marshal(v)
	if err != nil {
		o.lost(0, "TOML holds what JSON cannot")
		return node{}
	}
	return o.yamlNode(text)
}

// agentConfig reads the servers under each of the keys that tools use, and the
// environment of an agent's settings.
func (o *output) agentConfig(root node) {
	for _, servers := range []node{
		root.get("mcpServers"), root.get("servers"), root.get("mcp_servers"), root.get("context_servers"),
		root.get("mcp", "servers"), root.get("mcp"), root.get("extensions"),
	} {
		for _, p := range servers.pairs() {
			o.mcpServer(p.key, p.line, p.value)
		}
		for _, item := range servers.items() {
			if name := item.get("name").text(); name != "" {
				o.mcpServer(name, item.line(), item)
			}
		}
	}
	for _, p := range root.get("projects").pairs() {
		for _, s := range p.value.get("mcpServers").pairs() {
			o.mcpServer(s.key, s.line, s.value)
		}
	}
	o.agentSettings(root)
}

// agentSettings reads an agent's own settings: its environment, the program
// that prints its key, and what it may do without asking.
func (o *output) agentSettings(root node) {
	env, helper, allow := root.get("env"), root.get("apiKeyHelper"), root.get("permissions")
	if !strings.Contains("/"+strings.ToLower(o.file.Path), "/.claude/settings") || !env.ok() && !helper.ok() && !allow.ok() {
		return
	}
	id := o.id(inventory.KindIdentity, "agent")
	attributes := map[string]string{"config": path.Base(o.file.Path)}
	if n := len(allow.get("allow").items()); n > 0 {
		attributes["allowed"] = allowed(allow.get("allow").texts())
	}
	if mode := allow.get("defaultMode").text(); mode != "" {
		attributes["mode"] = clean(mode)
	}
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "ai.agent", Scope: o.file.Scope, Name: "claude", Agent: inventory.True,
		Declared: true, FoundAt: o.at(root.line()), Attributes: attributes,
	}})
	o.carried(id, "agent", env)
}

// agentFile reads an agent definition: Markdown with YAML front matter.
func (o *output) agentFile(content []byte) {
	rest, ok := bytes.CutPrefix(content, []byte("---"))
	if !ok {
		return
	}
	front, _, ok := bytes.Cut(rest, []byte("\n---"))
	if !ok {
		o.lost(1, "front matter without an end")
		return
	}
	o.documents(front, func(n node) {
		name := cmp.Or(n.get("name").text(), strings.TrimSuffix(path.Base(o.file.Path), ".md"))
		attributes := map[string]string{}
		for _, key := range []string{"tools", "model"} {
			if list := n.get(key).texts(); len(list) > 0 {
				attributes[key] = clip(clean(strings.Join(list, ",")), 300)
			}
		}
		if len(attributes) == 0 {
			attributes = nil
		}
		o.emit(inventory.Record{Identity: &inventory.Identity{
			ID: o.id(inventory.KindIdentity, "agent/"+name), Type: "ai.agent", Scope: o.file.Scope, Name: clean(name),
			Description: clean(n.get("description").text()), Agent: inventory.True, Declared: true, FoundAt: o.at(1), Attributes: attributes,
		}})
		for i, p := range n.get("mcpServers").pairs() {
			o.mcpServer(cmp.Or(p.key, strconv.Itoa(i)), p.line, p.value)
		}
	})
}
