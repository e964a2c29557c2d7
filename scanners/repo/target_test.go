package repo

import (
	"strings"
	"testing"
)

func TestRemoteName(t *testing.T) {
	secret := "pw" + "-Zk29QmmTp0Lz4w"
	for _, tt := range []struct{ remote, want string }{
		{"https://github.com/northwind/robots.git", "github.com/northwind/robots"},
		{"git@GitHub.com:northwind/robots.git", "github.com/northwind/robots"},
		{"ssh://git@github.com:22/northwind/robots/", "github.com/northwind/robots"},
		{"https://robot:" + secret + "@github.com/northwind/robots", "github.com/northwind/robots"},
		{"https://" + secret + "@github.com/northwind/robots?t=" + secret + "#" + secret, "github.com/northwind/robots"},
		{"robot:" + secret + "@github.com:northwind/robots", "github.com/northwind/robots"},
		{"https:robot:" + secret + "@github.com/northwind/robots", ""},
		{"https://proxy.example/https://robot:" + secret + "@github.com/northwind/robots", ""},
		{"https://robot:" + secret + "/x@github.com/northwind/robots", ""},
		{"https://robot:" + secret + "%zz@github.com/northwind/robots", ""},
		{"//robot:" + secret + "@github.com/northwind/robots", "github.com/northwind/robots"},
		{"file:///srv/git/robots", ""},
		{"/srv/git/robots", ""},
		{"C:/git/robots", ""},
		{"", ""},
	} {
		got := remoteName(tt.remote)
		if strings.Contains(got, secret) {
			t.Errorf("%s: the login is in the name", strings.ReplaceAll(tt.remote, secret, "***"))
		} else if got != tt.want {
			t.Errorf("%s: %q, want %q", strings.ReplaceAll(tt.remote, secret, "***"), got, tt.want)
		}
	}
}
