package live

import (
	"context"
	"strings"
	"testing"
	"time"
)

// A kubeconfig that holds a secret where none belongs, or holds one in a form that
// nobody can read, gives errors that do not repeat it.
func TestKubeconfigErrorsAreQuiet(t *testing.T) {
	secret := "Zq81" + "mVx7" + "RtLw3KpYs9"
	config := func(cluster, user string) string {
		return "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:1'" + cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n"
	}
	for name, text := range map[string]string{
		"key in place of its path":         config("", "client-certificate: /none, client-key: \"-----BEGIN PRIVATE KEY-----\\n"+secret+"\""),
		"certificate in place of its path": config("", "client-certificate: '"+secret+"', client-key: /none"),
		"token in place of its path":       config("", "tokenFile: '"+secret+"'"),
		"token that is a list":             config("", "token: ["+secret+"]"),
		"token that is a mapping":          config("", "token: {"+secret+": "+secret+"}"),
		"key that is no base64":            config("", "client-key-data: '"+secret+"!'"),
		"key that is no key":               config("", "client-certificate-data: '"+secret+"aa', client-key-data: '"+secret+"aa'"),
		"user that is a text":              strings.ReplaceAll(config("", ""), "user: {}", "user: "+secret),
		"no YAML":                          config("", "token: '"+secret) + "\n\t" + secret + ": [",
		"password in a server":             strings.ReplaceAll(config("", ""), "https://", "https://u:"+secret+"@"),
		"password in a broken server":      strings.ReplaceAll(config("", ""), "https://", "https://u:"+secret+"%zz@"),
		"password in a proxy":              config(", proxy-url: 'socks9://u:"+secret+"@127.0.0.1:1'", ""),
		"password in a broken proxy":       config(", proxy-url: 'http://u:"+secret+"%zz@127.0.0.1:1'", ""),
		"password and no user":             config("", "password: "+secret),
		"token in an exec plug-in":         config("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: /none-such, interactiveMode: Never, env: [{name: T, value: "+secret+"}], args: ["+secret+"]}"),
		"exec plug-in of no version":       config("", "exec: {command: '"+secret+"'}"),
		"auth-provider":                    config("", "auth-provider: {name: oidc, config: {id-token: '"+secret+"'}}"),
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, text)
			r, err := Open(Options{Kubeconfig: file, Now: time.Now})
			if err == nil {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				_, err = r.Read(ctx, func(string, int, int) {})
				r.Close()
			}
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats it: %s", strings.ReplaceAll(err.Error(), secret, "SECRET"))
			}
		})
	}
}
