/* The lab: a provider and a phone of our own, for a first call, demos and tests. */
#ifndef SBC_LAB_LAB_H
#define SBC_LAB_LAB_H

/* `trunkgate lab provider …`, `trunkgate lab call …`; gives the exit status. */
int lab_main(int argc, char **argv);

#endif
