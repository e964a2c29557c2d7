package file

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strings"
	"time"
)

// kubeconfig reads the users of a kubeconfig, with the cluster that a context
// joins them to (kubernetes.io, "Organizing Cluster Access Using kubeconfig
// Files"). What a program is asked for (exec) is no secret of the file.
func kubeconfig(text string) (out []Found) {
	root := readYAML(text)
	if root.get("clusters").y == nil || root.get("users").y == nil {
		return nil
	}
	servers, cluster := map[string]string{}, map[string]string{}
	for _, c := range root.get("clusters").items() {
		servers[c.get("name").text()] = c.get("cluster").get("server").text()
	}
	for _, c := range root.get("contexts").items() {
		if user := c.get("context").get("user").text(); cluster[user] == "" {
			cluster[user] = c.get("context").get("cluster").text()
		}
	}
	for _, u := range root.get("users").items() {
		name, user := u.get("name").text(), u.get("user")
		server := servers[cluster[name]]
		f := Found{Name: name, User: name, Facts: map[string]string{}}
		if server != "" {
			f.Host, f.Facts["cluster"] = bareHost(server), server
		}
		out = append(out, kubeUser(f, user)...)
	}
	return out
}

// kubeUser reads what proves one user.
func kubeUser(about Found, user node) (out []Found) {
	add := func(n node, value, kind string) *Found {
		f := about
		f.Value, f.Line = value, n.line()
		f.Facts = map[string]string{"kind": kind}
		maps.Copy(f.Facts, about.Facts)
		out = append(out, f)
		return &out[len(out)-1]
	}
	if t := user.get("token"); t.text() != "" {
		add(t, t.text(), "token")
	}
	if p := user.get("password"); p.text() != "" {
		add(p, p.text(), "password").User = cmp.Or(user.get("username").text(), about.User)
	}
	if k := user.get("client-key-data"); k.text() != "" {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k.text()))
		if begin := bytes.Index(raw, []byte("-----BEGIN ")); err == nil && begin >= 0 {
			certified(add(k, keyOnly(string(raw[begin:])), "client-key-data"), user.get("client-certificate-data").text())
		}
	}
	provider := user.get("auth-provider").get("config")
	for _, key := range []string{"refresh-token", "access-token", "id-token", "client-secret"} {
		if t := provider.get(key); t.text() != "" {
			add(t, t.text(), key)
		}
	}
	return out
}

// certified adds what the certificate says of the user of a key, and when it
// ends.
func certified(f *Found, data string) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(data))
	if err != nil {
		return
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "CERTIFICATE" {
		return
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return
	}
	f.Expires = cert.NotAfter.UTC()
	if f.Expires.Year() > 9998 {
		f.Expires = time.Time{}
	}
	f.Facts["subject"], f.Facts["issuer"] = cert.Subject.String(), cert.Issuer.String()
	f.User = cert.Subject.CommonName
}
