package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A layout is what the charts and kustomizations of a directory say of its files.
type layout struct {
	charts     []string          // directories of Helm charts
	namespaces map[string]string // namespace that the only kustomization of a file gives it
	patches    map[string]bool   // files that are patches: parts of objects
}

func isKustomization(name string) bool {
	return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization"
}

// templateForm matches a line that only a template has: an action where YAML has a
// key or value, not one in quotes or in a text.
var templateForm = regexp.MustCompile(`^\s*(- )?(\{\{|[^#'"]*:\s+(\|-?\s*)?\{\{)|\{\{-?\s*(\.|\$|include|template|if|else|end|range|with|toYaml|tpl|define)`)

// templateLine returns the first line with a template action; 0 if there is none.
func templateLine(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if bytes.Contains(line, []byte("{{")) && templateForm.Match(line) {
			return n
		}
	}
	return 0
}

// template tells of an unrendered template.
func (r *reader) template(line int) {
	for _, dir := range r.builder.layout.charts {
		if strings.HasPrefix(r.path, dir+"/") || dir == "." {
			r.lost(line, "unrendered Helm template, not read: render the chart first (helm template NAME "+dir+") and scan what it prints")
			return
		}
	}
	r.lost(line, "unrendered template, not read: render it first (helm template, kustomize build, envsubst) and scan the result")
}

// A kustomization is what matters of a kustomization.yaml.
type kustomization struct {
	dir       string
	namespace string
	resources []string
	changes   []string // what it does beside collecting files
	remote    bool
	used      bool // another one includes it
}

// frames reads the charts and kustomizations at some paths, in the order of their
// names.
func (b *builder) frames(root *os.Root, paths []string) {
	b.layout = layout{namespaces: map[string]string{}, patches: map[string]bool{}}
	slices.Sort(paths)
	found := map[string]*kustomization{}
	for _, name := range paths {
		dir := path.Dir(name)
		if path.Base(name) == "Chart.yaml" {
			b.chart(root, name, dir)
			continue
		}
		if k := b.kustomization(root, name, dir); k != nil {
			found[dir] = k
		}
	}
	b.applyNamespaces(found)
}

// chart notes a chart, if it has templates and is not part of another.
func (b *builder) chart(root *os.Root, name, dir string) {
	if info, err := root.Stat(path.Join(dir, "templates")); err != nil || !info.IsDir() {
		return
	}
	for _, outer := range b.layout.charts {
		if strings.HasPrefix(dir, outer+"/") || outer == "." {
			return
		}
	}
	b.layout.charts = append(b.layout.charts, dir)
	b.problems.lost(name, 1, "Helm chart that is not rendered: render it first (helm template NAME "+short(dir)+") and scan what it prints")
}

// kustomization reads one; nil if it cannot be read.
func (b *builder) kustomization(root *os.Root, name, dir string) *kustomization {
	f, err := root.Open(name)
	if err != nil {
		b.problems.lost(name, 0, "cannot be opened: "+cause(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	var fields map[string]yaml.Node
	if err == nil {
		err = yaml.Unmarshal(text, &fields)
	}
	if err != nil {
		b.problems.lost(name, 1, "invalid kustomization: "+reason(err))
		return nil
	}
	k := &kustomization{dir: dir}
	for _, key := range sortedKeys(fields) {
		node := fields[key]
		k.field(b, key, &node)
	}
	if len(k.changes) > 0 || k.remote {
		b.problems.lost(name, 1, fmt.Sprintf("kustomization that is not built (%s): its files are read as they stand; render it first (kustomize build %s) and scan what it prints",
			cmp.Or(strings.Join(k.changes, ", "), "remote resources"), short(dir)))
	}
	return k
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// field reads one field of a kustomization.
func (k *kustomization) field(b *builder, key string, node *yaml.Node) {
	switch key {
	case "apiVersion", "kind", "metadata", "images", "replicas", "sortOptions", "generatorOptions", "commonAnnotations", "openapi", "buildMetadata":
	case "namespace":
		k.namespace = node.Value
	case "resources", "bases":
		for _, item := range node.Content {
			if strings.Contains(item.Value, "://") || strings.Contains(item.Value, "?ref=") || strings.HasPrefix(item.Value, "github.com/") {
				k.remote = true
				continue
			}
			k.resources = append(k.resources, path.Join(k.dir, item.Value))
		}
	case "patches", "patchesStrategicMerge", "patchesJson6902":
		k.changes = append(k.changes, key)
		for _, item := range node.Content {
			file := item.Value
			for i := 0; i+1 < len(item.Content); i += 2 {
				if item.Content[i].Value == "path" {
					file = item.Content[i+1].Value
				}
			}
			if file != "" && !strings.Contains(file, "\n") {
				b.layout.patches[path.Join(k.dir, file)] = true
			}
		}
	default:
		k.changes = append(k.changes, short(key))
	}
}

// applyNamespaces gives files the namespace of the kustomization that collects
// them, the outermost first. A file that two put into different ones is told by the
// overlays' own problem and left as it stands.
func (b *builder) applyNamespaces(found map[string]*kustomization) {
	for _, k := range found {
		for _, r := range k.resources {
			if inner := found[r]; inner != nil && inner != k {
				inner.used = true
			}
		}
	}
	given := map[string]map[string]bool{}
	var walk func(k *kustomization, namespace string, depth int)
	walk = func(k *kustomization, namespace string, depth int) {
		namespace = cmp.Or(namespace, k.namespace)
		for _, r := range k.resources {
			if inner := found[r]; inner != nil {
				if depth < 20 {
					walk(inner, namespace, depth+1)
				}
				continue
			}
			if given[r] == nil {
				given[r] = map[string]bool{}
			}
			given[r][namespace] = true
		}
	}
	for _, dir := range sortedKeys(found) {
		if k := found[dir]; !k.used {
			walk(k, "", 0)
		}
	}
	for _, file := range sortedKeys(given) {
		names := sortedKeys(given[file])
		switch {
		case len(names) == 1 && names[0] != "":
			b.layout.namespaces[file] = names[0]
		case len(names) > 1:
			b.problems.lost(file, 0, fmt.Sprintf("kustomizations put this file into %d different namespaces: it is read as it stands; build each of them (kustomize build) and scan the results", len(names)))
		}
	}
}
