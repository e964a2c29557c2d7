//go:build e2e

package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

const (
	certificates = "certificates.k8s.io"
	requests     = "certificatesigningrequests"
	clientSigner = "kubernetes.io/kube-apiserver-client"
)

// signingRequest is a CertificateSigningRequest for a client certificate.
func signingRequest(name string, subject pkix.Name) (thing, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return nil, nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	return with(made(certificates+"/v1", "CertificateSigningRequest", "", name), thing{"spec": thing{
		"request": base64.StdEncoding.EncodeToString(text), "signerName": clientSigner, "usages": []string{"client auth"},
	}}), key, nil
}

// approve says yes to a request as a client.
func approve(c *client, name string) error {
	path := "/apis/" + certificates + "/v1/" + requests + "/" + name
	o, err := c.get(path)
	if err != nil {
		return err
	}
	o["status"] = thing{"conditions": []thing{{"type": "Approved", "status": "True", "reason": "Test", "message": "by the test"}}}
	_, err = c.put(path+"/approval", o)
	return err
}

// issued waits for the certificate of a request and returns a client with it.
func (p *plane) issued(name string, key *ecdsa.PrivateKey) (*client, error) {
	var pair tls.Certificate
	err := p.await("kube-controller-manager", "the signer", defaultWait, func() error {
		o, err := p.client(loader).get("/apis/" + certificates + "/v1/" + requests + "/" + name)
		if err != nil {
			return err
		}
		raw, err := base64.StdEncoding.DecodeString(field(o, "status", "certificate"))
		if err != nil {
			return err
		}
		block, _ := pem.Decode(raw)
		if block == nil {
			return errors.New("no certificate yet")
		}
		pair = tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &client{url: p.url, user: "holder of " + name, http: &http.Client{
		Transport: carrier(&tls.Config{RootCAs: p.pki.pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}),
	}}, nil
}

func (s *scene) signingRequests() {
	s.grant(may(certificates, requests, "create", "get"), may(certificates, requests+"/approval", "update"))
	path := "/apis/" + certificates + "/v1/" + requests
	manager, key, err := signingRequest(s.mine, pkix.Name{CommonName: "system:kube-controller-manager"})
	if err != nil {
		s.Fatal(err)
	}
	_, err = s.actor().post(path, manager)
	s.Cleanup(func() { _ = s.client(loader).delete(path + "/" + s.mine) })
	s.try("ask for a certificate of the controller manager", true, err, rbac.Request{Verb: "create", Group: certificates, Resource: requests})
	s.outcome("approve without approve on the signer", false, approve(s.actor(), s.mine), s.local().MayApprove(s.user, s.mine, clientSigner))

	s.load(s.T, role("", s.mine+"-signer", rule([]string{"approve"}, []string{certificates}, []string{"signers"}, clientSigner)), bind("", s.mine+"-signer", "ClusterRole", s.mine+"-signer", toAccount(s.ns, "actor")))
	s.known(s.T)
	s.outcome("approve", true, approve(s.actor(), s.mine), s.local().MayApprove(s.user, s.mine, clientSigner))
	holder, err := s.issued(s.mine, key)
	if err != nil {
		s.Fatal(err)
	}
	_, err = holder.get(secretsOf(""))
	s.outcome("list all Secrets with the certificate", true, err, s.local().Allowed(rbac.User{Name: "system:kube-controller-manager", Groups: []string{rbac.Authenticated}}, rbac.Request{Verb: "list", Resource: "secrets"}))

	masters, _, err := signingRequest(s.mine+"-masters", pkix.Name{CommonName: "x", Organization: []string{rbac.Masters}})
	if err != nil {
		s.Fatal(err)
	}
	if _, err = s.actor().post(path, masters); code(err) != http.StatusForbidden {
		s.Errorf("a request for system:masters is not refused: %v", err)
	}
}
