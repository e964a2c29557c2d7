//go:build e2e

// Package azure holds the tests of the whole program against a tenant of Microsoft
// Entra and its Azure subscriptions as they are stood in for by package
// scanners/azure/live/fake: Graph as Microsoft's metadata has it, Resource Manager and
// Key Vault by Microsoft's own fake servers. Between the two is a proxy of our own,
// which the program uses as it would use any HTTPS proxy: it asks the real names of
// Microsoft's hosts, over TLS, and gets its tokens from a token endpoint. The proxy
// fails as a test wants. Nothing has to be installed.
package azure

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

var shared struct {
	program peer.Program

	made         sync.Once
	authority    *authority
	authorityErr error
}

// TestMain removes the program under test.
func TestMain(m *testing.M) { os.Exit(shared.program.Main("muster-azure-", m.Run)) }

// secret is that of the reader, which must be seen nowhere.
func secret() string { return "made-up~" + strings.Repeat("xY3", 9) }

// northwind is a proxy before the tenant that most tests scan.
func northwind(t testing.TB) *proxy {
	t.Helper()
	return newProxy(t, fake.Northwind())
}
