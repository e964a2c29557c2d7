package file

// stores are files that hold secrets behind a passphrase: they are not opened,
// and said.
func stores() []format {
	return []format{
		{rule: "secret-store", names: "login.keyring default.keyring user.keyring logins.json key3.db key4.db kwallet.kwl", where: endsWith(
			".kdbx", ".kdb", ".psafe3", ".agilekeychain", ".opvault", ".1pif", ".keychain", ".keychain-db", ".kwl", ".keyring",
			".jks", ".jceks", ".bks", ".keystore", ".enpass", ".enpassdb",
		)},
	}
}
