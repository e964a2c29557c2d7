package privilege_test

import (
	"slices"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

func TestGitHubPermissions(t *testing.T) {
	tests := []struct {
		name  string
		given map[string]string
		level inventory.Level
		has   string
	}{
		{"unset depends on settings", nil, inventory.LevelUnknown, ""},
		{"empty", map[string]string{}, inventory.LevelNone, ""},
		{"none", map[string]string{"contents": "none"}, inventory.LevelNone, ""},
		{"read-all", map[string]string{"*": "read"}, inventory.LevelRead, ""},
		{"write-all", map[string]string{"*": "write"}, inventory.LevelWrite, "code.write"},
		{"contents write", map[string]string{"contents": "write", "issues": "read"}, inventory.LevelWrite, "code.write"},
		{"oidc writes nothing", map[string]string{"id-token": "write"}, inventory.LevelRead, "oidc.token"},
		{"administration", map[string]string{"administration": "write"}, inventory.LevelAdmin, "identity.write"},
		{"misspelt", map[string]string{"contents": "wirte"}, inventory.LevelUnknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := privilege.GitHubPermissions(tt.given)
			if got.Level != tt.level || tt.has != "" && !slices.Contains(got.Capabilities, tt.has) {
				t.Errorf("%+v, want %s with %s", got, tt.level, tt.has)
			}
		})
	}
}
