package live

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// federated makes federated credentials of what Graph tells of them.
func (x *run) federated(list []convert.Federated) []object.Federated {
	var out []object.Federated
	for i := range list {
		out = append(out, list[i].Object(x.names))
	}
	return out
}

// query writes a path with its query. Values are used as they are: Graph reads
// $select and $expand with commas and parentheses.
func query(path string, parts ...string) string {
	if len(parts) == 0 {
		return path
	}
	return path + "?" + strings.ReplaceAll(strings.Join(parts, "&"), " ", "%20")
}
