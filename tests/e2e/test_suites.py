#!/usr/bin/env python3
"""baresip as the provider's SRTP, for each suite that its libre 1.1.0 has (AES_256_CM it has not; rtpengine has all)."""
from harness import lab, network

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
TALK_S, HEARD_S = 2, 1


class Suites(lab.LabTest):
    def configuration(self):
        """A realm and a trunk for each suite; 4701 goes to the first."""
        config = super().configuration()
        internet, trunk = config["realms"].pop("internet"), config["trunks"].pop("provider")
        config.update({"max-calls": 10, "routes": []})
        for i, suite in enumerate(SUITES):
            config["realms"][f"outside{i}"] = dict(internet, listen=[f"tls:{network.SBC_OUTSIDE}:{5061 + i}"],
                                                   **{"media-ports": f"{40000 + 200 * i}-{40199 + 200 * i}"})
            config["trunks"][f"provider{i}"] = dict(trunk, realm=f"outside{i}", **{"uri-form": "sip-tls", "srtp-suites": [suite]})
            config["routes"].append({"from": "office", "number": f"47{i}1", "to": f"provider{i}"})
        return config

    def test_each(self):
        self.start_dns()
        self.start_trunkgate()
        # Its accounts are in one format string: a line for each number that is called.
        account, lab.PROVIDER_ACCOUNT = lab.PROVIDER_ACCOUNT, "\n".join(
            lab.PROVIDER_ACCOUNT.replace("{user}", f"47{i}1") for i in range(len(SUITES)))
        self.addCleanup(setattr, lab, "PROVIDER_ACCOUNT", account)
        phone, provider = self.start_phone(), self.start_provider()
        for i, suite in enumerate(SUITES):
            marks = phone.mark(), provider.mark()
            phone.dial(f"sip:47{i}1@{network.SBC_INSIDE}")
            for peer, mark in zip((phone, provider), marks):
                peer.wait_event("CALL_ESTABLISHED", after=mark)
            for peer in (phone, provider):
                peer.wait_heard(TALK_S)
            leg = self.trunkgate.show("calls")[0]["callee"]
            self.assertEqual((leg["srtp"], leg["bad_auth"]), (suite, 0))
            phone.hang_up()
            for peer, mark in zip((phone, provider), marks):
                peer.wait_event("CALL_CLOSED", after=mark)
            self.trunkgate.wait_no_calls()
            self.assert_heard(provider.heard()[-1], lab.PHONE_HZ, HEARD_S, lab.PROVIDER_HZ)
            self.assert_heard(phone.heard()[-1], lab.PROVIDER_HZ, HEARD_S, lab.PHONE_HZ)


if __name__ == "__main__":
    lab.main()
